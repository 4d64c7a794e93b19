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
	isWord := func(word string) bool {
		return word != "" && strings.IndexFunc(word, func(c rune) bool {
			return (c < 'a' || c > 'z') && (c < '0' ||
				c > '9')
		}) < 0
	}
	isKebab := d.Name != "" && d.Name[0] >= 'a' && d.Name[0] <= 'z'
	for _, word := range strings.Split(d.Name, "-") {
		isKebab = isKebab && isWord(word)
	}
	if !isKebab || len(d.Name) > longestWord {
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

// shortened is a word that may be anything, fit for a log line.
func shortened(word string) string {
	runes := []rune(word)
	if len(runes) <= longestWord {
		return fmt.Sprintf("%q", word)
	}
	return fmt.Sprintf("%q…", string(runes[:longestWord]))
}
