package pointsman

import (
	"bytes"
	"encoding/json"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// JSON as text: taken apart without a change to its parts, so that what a request or an answer says reaches the other
// side byte for byte. All of it is for text that is known to be valid JSON.

// errNotJSON: a text is no JSON at all.
var errNotJSON = errors.New("it is not JSON")

// member is a field of an object.
type member struct {
	name string
	// value is its value's text, which begins at so many bytes in the object.
	value []byte
	at    int
}

// members are the fields of an object, in their order; none of them where the value is no object.
func members(object []byte) ([]member, bool) {
	at := skipSpace(object, 0)
	if object[at] != '{' {
		return nil, false
	}
	var found []member
	for at = skipSpace(object, at+1); object[at] != '}'; at = skipComma(object, at) {
		end := skipValue(object, at)
		name := unquoted(object[at:end])
		// What comes next is the colon.
		start := skipSpace(object, skipSpace(object, end)+1)
		end = skipValue(object, start)
		found = append(found, member{name, object[start:end], start})
		at = end
	}
	return found, true
}

// elements are the values in an array; none of them where the value is no array.
func elements(array []byte) ([][]byte, bool) {
	at := skipSpace(array, 0)
	if array[at] != '[' {
		return nil, false
	}
	found := [][]byte{}
	for at = skipSpace(array, at+1); array[at] != ']'; at = skipComma(array, at) {
		end := skipValue(array, at)
		found = append(found, array[at:end])
		at = end
	}
	return found, true
}

func skipSpace(text []byte, at int) int {
	for at < len(text) && (text[at] == ' ' || text[at] == '\n' || text[at] == '\t' || text[at] == '\r') {
		at++
	}
	return at
}

// skipComma goes from the end of a value to the next one, or to the end of what both are in.
func skipComma(text []byte, at int) int {
	if at = skipSpace(text, at); text[at] == ',' {
		at = skipSpace(text, at+1)
	}
	return at
}

// skipValue goes to the end of a value.
func skipValue(text []byte, at int) int {
	switch text[at] {
	case '"':
		return skipString(text, at)
	case '{', '[':
		for depth := 0; ; {
			switch text[at] {
			case '"':
				at = skipString(text, at)
				continue
			case '{', '[':
				depth++
			case '}', ']':
				depth--
			}
			if at++; depth == 0 {
				return at
			}
		}
	}
	for at < len(text) && strings.IndexByte(" \n\t\r,]}", text[at]) < 0 {
		at++
	}
	return at
}

func skipString(text []byte, at int) int {
	for at++; text[at] != '"'; at++ {
		if text[at] == '\\' {
			at++
		}
	}
	return at + 1
}

// unquoted is a string's content.
func unquoted(text []byte) string {
	if content := text[1 : len(text)-1]; bytes.IndexByte(content, '\\') < 0 && utf8.Valid(content) {
		return string(content)
	}
	var content string
	// It is a string, and those can always be read.
	_ = json.Unmarshal(text, &content)
	return content
}

// joined is an array of values as compact as they are.
func joined(values []json.RawMessage) string {
	size := 2
	for _, value := range values {
		size += len(value) + 1
	}
	to := make([]byte, 0, size)
	to = append(to, '[')
	for i, value := range values {
		if i > 0 {
			to = append(to, ',')
		}
		to = append(to, value...)
	}
	return string(append(to, ']'))
}

// splice is a part of a text that is replaced.
type splice struct {
	at, until int
	by        string
}

// spliced is a text with parts replaced, which are in their order.
func spliced(text []byte, splices ...splice) []byte {
	var to []byte
	from := 0
	for _, splice := range splices {
		to = append(append(to, text[from:splice.at]...), splice.by...)
		from = splice.until
	}
	return append(to, text[from:]...)
}

// quoted is a string as JSON, as other hosts write it.
func quoted(s string) string {
	var to strings.Builder
	encoder := json.NewEncoder(&to)
	encoder.SetEscapeHTML(false)
	// A string can always be written.
	_ = encoder.Encode(s)
	return unescaped.Replace(strings.TrimSuffix(to.String(), "\n"))
}

// unescaped writes out what encoding/json escapes and others do not. An escaped backslash is no beginning of an escape.
var unescaped = strings.NewReplacer(`\\`, `\\`, `\u2028`, "\u2028", `\u2029`, "\u2029")

// escapes are all of JSON's.
var escapes = regexp.MustCompile(`\\(u[0-9a-fA-F]{4}|.)`)

// hasLoneSurrogate tells whether JSON text has half of a surrogate pair, which encoding/json takes for another
// character, and other hosts refuse.
func hasLoneSurrogate(text string) bool {
	// high is where a half that goes first ended; -1 where the last escape was none.
	high := -1
	for _, place := range escapes.FindAllStringIndex(text, -1) {
		unit, err := strconv.ParseUint(strings.TrimPrefix(text[place[0]:place[1]], `\u`), 16, 16)
		isHigh, isLow := err == nil && unit>>10 == 0xd800>>10, err == nil && unit>>10 == 0xdc00>>10
		if isLow != (high == place[0]) || high >= 0 && !isLow {
			return true
		}
		high = -1
		if isHigh {
			high = place[1]
		}
	}
	return high >= 0
}
