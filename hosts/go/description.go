package pointsman

import (
	"encoding/json"
	"fmt"
	"strings"
)

// longestWord is the longest name or version of a strategy, in bytes. Both are in log lines and labels of metrics.
const longestWord = 64

// checkDescription validates a plugin's description, by the rules that `describe` has in the
// contract; nothing where nothing is.
func checkDescription(d *Description) string {
	if !isStrategyName(d.Name) {
		return fmt.Sprintf("its name is %s, not kebab-case of at most %d letters", shortened(d.Name), longestWord)
	}
	isVisible := strings.IndexFunc(d.Version, func(c rune) bool { return c <= ' ' || c > '~' }) < 0
	if d.Version == "" || len(d.Version) > longestWord || !isVisible {
		return fmt.Sprintf("its version is %s, not 1 to %d visible ASCII characters", shortened(d.Version), longestWord)
	}
	var schema any
	if err := json.Unmarshal([]byte(d.ConfigSchema), &schema); err != nil {
		return fmt.Sprintf("its config schema is not JSON: %v", err)
	}
	switch schema.(type) {
	case map[string]any, bool:
		return ""
	}
	return "its config schema is no JSON Schema, which is an object or a boolean"
}

// isStrategyName tells whether a strategy may have this name: kebab-case, and so fit for the name of a file, too.
func isStrategyName(name string) bool {
	if name == "" || len(name) > longestWord || name[0] < 'a' || name[0] > 'z' {
		return false
	}
	isOther := func(c rune) bool { return (c < 'a' || c > 'z') && (c < '0' || c > '9') }
	for _, word := range strings.Split(name, "-") {
		if word == "" || strings.IndexFunc(word, isOther) >= 0 {
			return false
		}
	}
	return true
}

// shortened is a word that may be anything, fit for a log line.
func shortened(word string) string {
	runes := []rune(word)
	if len(runes) <= longestWord {
		return fmt.Sprintf("%q", word)
	}
	return fmt.Sprintf("%q…", string(runes[:longestWord]))
}
