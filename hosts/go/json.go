package pointsman

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// The contract's types in the words of the JSON entry point, read as strictly as a plugin reads them: a field that the
// contract does not know, one that is missing, given twice or spelt in other letters is an error. encoding/json alone
// is more lenient, and what the guard is asked about must be what everybody else reads. Numbers are read to the last
// bit.

// decode reads a value from its text, which is valid JSON.
type decode func(data []byte) error

// field is one that an object may have.
type field struct {
	name string
	into decode
	kind fieldKind
}

type fieldKind uint8

const (
	// required fields must be there.
	required fieldKind = iota
	// optional fields may be left out.
	optional
	// nullable fields may be left out or null.
	nullable
	// any field may be left out, and have any value.
	anything
)

// decodeObject reads an object with these fields and no others.
func decodeObject(data []byte, fields ...field) error {
	found, isObject := members(data)
	if !isObject {
		return fmt.Errorf("%.40s is no object", data)
	}
	seen := make([]bool, len(fields))
	for _, member := range found {
		place := -1
		for i := range fields {
			if fields[i].name == member.name {
				place = i
			}
		}
		switch {
		case place < 0:
			return fmt.Errorf("`%s` is unknown", member.name)
		case seen[place]:
			return fmt.Errorf("`%s` is given twice", member.name)
		}
		seen[place] = true
		if kind := fields[place].kind; string(member.value) == "null" && kind != anything {
			if kind == nullable {
				continue
			}
			return fmt.Errorf("`%s` is null", member.name)
		}
		if err := fields[place].into(member.value); err != nil {
			return fmt.Errorf("`%s`: %w", member.name, err)
		}
	}
	for i, field := range fields {
		if field.kind == required && !seen[i] {
			return fmt.Errorf("`%s` is missing", field.name)
		}
	}
	return nil
}

// decodeValid is decode for text that may be no JSON. Nothing is changed where there is an error.
func decodeValid[T any](data []byte, to *T, fields func(*T) []field) error {
	if !json.Valid(data) {
		return errNotJSON
	}
	var read T
	if err := decodeObject(data, fields(&read)...); err != nil {
		return err
	}
	*to = read
	return nil
}

// object reads a record.
func object[T any](to *T, fields func(*T) []field) decode {
	return func(data []byte) error { return decodeObject(data, fields(to)...) }
}

// maybeObject reads a record that may be none.
func maybeObject[T any](to **T, fields func(*T) []field) decode {
	return func(data []byte) error {
		*to = new(T)
		return decodeObject(data, fields(*to)...)
	}
}

// listOf reads a list; nil where it is empty, as it is through the typed entry point.
func listOf[T any](to *[]T, element func(*T) decode) decode {
	return func(data []byte) error {
		values, isArray := elements(data)
		if !isArray {
			return fmt.Errorf("%.40s is no array", data)
		}
		if len(values) == 0 {
			return nil
		}
		*to = make([]T, len(values))
		for i, value := range values {
			if err := element(&(*to)[i])(value); err != nil {
				return fmt.Errorf("[%d]: %w", i, err)
			}
		}
		return nil
	}
}

// objects reads a list of records.
func objects[T any](to *[]T, fields func(*T) []field) decode {
	return listOf(to, func(element *T) decode { return object(element, fields) })
}

// text reads a string.
func text(to *string) decode {
	return func(data []byte) error {
		if data[0] != '"' {
			return fmt.Errorf("%.40s is no string", data)
		}
		*to = unquoted(data)
		return nil
	}
}

func maybeText(to **string) decode {
	return func(data []byte) error {
		*to = new(string)
		return text(*to)(data)
	}
}

// raw keeps a value as the text it is.
func raw(to *string) decode {
	return func(data []byte) error {
		*to = string(data)
		return nil
	}
}

// labels reads an object of strings.
func labels(to *map[string]string) decode {
	return func(data []byte) error {
		found, isObject := members(data)
		if !isObject {
			return fmt.Errorf("%.40s is no object", data)
		}
		for _, member := range found {
			if _, isGiven := (*to)[member.name]; isGiven {
				return fmt.Errorf("`%s` is given twice", member.name)
			}
			var value string
			if err := text(&value)(member.value); err != nil {
				return fmt.Errorf("`%s`: %w", member.name, err)
			}
			if *to == nil {
				*to = map[string]string{}
			}
			(*to)[member.name] = value
		}
		return nil
	}
}

func boolean(to *bool) decode {
	return func(data []byte) error {
		*to = string(data) == "true"
		if !*to && string(data) != "false" {
			return fmt.Errorf("%.40s is neither true nor false", data)
		}
		return nil
	}
}

func number(to *uint32) decode {
	return func(data []byte) error {
		value, err := strconv.ParseUint(string(data), 10, 32)
		if err != nil {
			return fmt.Errorf("%.40s is no number from 0 to 4294967295", data)
		}
		*to = uint32(value)
		return nil
	}
}

func maybeNumber(to **uint32) decode {
	return func(data []byte) error {
		*to = new(uint32)
		return number(*to)(data)
	}
}

func fraction(to *float64) decode {
	return func(data []byte) error {
		value, err := strconv.ParseFloat(string(data), 64)
		// What is valid JSON and no number begins otherwise, and NaN is not valid.
		if err != nil || data[0] != '-' && (data[0] < '0' || data[0] > '9') {
			return fmt.Errorf("%.40s is no number", data)
		}
		*to = value
		return nil
	}
}

// millis reads a moment.
func millis(to *time.Time) decode {
	return func(data []byte) error {
		value, err := strconv.ParseUint(string(data), 10, 64)
		if err != nil {
			return fmt.Errorf("%.40s is no number of milliseconds", data)
		}
		*to = moment(value)
		return nil
	}
}

func word[T ~uint8](w words, to *T) decode {
	return func(data []byte) error {
		value, err := w.unmarshal(data)
		*to = T(value)
		return err
	}
}

// errNoAnswer: an answer has to be one of the two.
var errNoAnswer = errors.New("it is neither a plan nor an error")
