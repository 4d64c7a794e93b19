package pointsman

import (
	"cmp"
	"regexp"
	"strings"
)

// Which of several versions is the newest: precedence as Semantic Versioning (https://semver.org) has it.
//
// By name `1.0.9` would come after `1.0.10`, and by time what was copied last would win, so that a restart changed what
// runs.

// A part of the expression that semver.org suggests: what plugins say is checked before.
var semanticVersion = regexp.MustCompile(`^(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?$`)

// compareVersions gives a negative number where the first is older, 0 where neither is. One that is not semantic comes
// before all that are.
func compareVersions(a, b string) int {
	first, second := semanticVersion.FindStringSubmatch(a), semanticVersion.FindStringSubmatch(b)
	if first == nil || second == nil {
		return cmp.Compare(len(first), len(second))
	}
	for i := 1; i <= 3; i++ {
		if order := compareNumbers(first[i], second[i]); order != 0 {
			return order
		}
	}
	switch before, other := first[4], second[4]; {
	case before == other:
		return 0
	case before == "":
		return 1
	case other == "":
		return -1
	default:
		return comparePreReleases(strings.Split(before, "."), strings.Split(other, "."))
	}
}

// comparePreReleases compares part by part: numbers come before words, and are compared as numbers; of two that begin
// alike the shorter comes first.
func comparePreReleases(a, b []string) int {
	for i := range min(len(a), len(b)) {
		isFirstNumber, isSecondNumber := isDigits(a[i]), isDigits(b[i])
		order := cmp.Compare(a[i], b[i])
		switch {
		case isFirstNumber && isSecondNumber:
			order = compareNumbers(a[i], b[i])
		case isFirstNumber:
			return -1
		case isSecondNumber:
			return 1
		}
		if order != 0 {
			return order
		}
	}
	return cmp.Compare(len(a), len(b))
}

func isDigits(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}

// compareNumbers compares numbers that may have more digits than any integer.
func compareNumbers(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}
