package pointsman

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Policy bounds what a plan may do, in Kubernetes' terms; the operator's, never the plugin's. A field that is zero has
// its default, so the zero Policy is [DefaultPolicy].
type Policy struct {
	// MaxUnavailable is by how much the capacity may be below the target. A percentage is rounded down, but is at least 1
	// from a target of 2 on; a count is at most the target. Default 25%.
	MaxUnavailable Amount
	// MaxSurge is by how much the live routes of all revisions may be above the target. A percentage is rounded up; it is
	// at least 1. Default 100%.
	MaxSurge Amount
	// CompleteAt is which part of the target the deploying revision must carry for the rollout to be complete. A
	// percentage is rounded up; it is at least 1 and at most the target. Default 100%.
	CompleteAt Amount
}

// DefaultPolicy is the policy where none is given, with every field written out.
func DefaultPolicy() Policy { return Policy{}.withDefaults() }

func (p Policy) withDefaults() Policy {
	return Policy{p.MaxUnavailable.or(Percent(25)), p.MaxSurge.or(Percent(100)), p.CompleteAt.or(Percent(100))}
}

// Resolve gives the policy at a target, as a host puts it into [Spec.Limits]. At a target of 0 it is nothing at all.
func (p Policy) Resolve(target uint32) Commitment {
	if target == 0 {
		return Commitment{}
	}
	p = p.withDefaults()
	unavailable := p.MaxUnavailable.of(target, 0)
	if unavailable == 0 && p.MaxUnavailable.isSome() && target >= 2 {
		unavailable = 1
	}
	surge := max(1, p.MaxSurge.of(target, whole-1))
	return Commitment{target - uint32(min(unavailable, uint64(target))), uint32(min(uint64(target)+surge, math.MaxUint32))}
}

// Amount is a number of routes, [Count], or a part of the target, [Percent]. The zero value is neither: the default of
// the field that it stands in.
type Amount struct {
	unit  amountUnit
	value uint32
}

type amountUnit uint8

const (
	amountDefault amountUnit = iota
	amountCount
	amountMillipercent
)

// whole is all of the target, in thousandths of a percent.
const whole = 100_000

// Count is so many routes.
func Count(routes uint32) Amount { return Amount{amountCount, routes} }

// Percent is so many percent of the target; more than 4294967 counts as that.
func Percent(percent uint32) Amount { return Millipercent(min(percent, math.MaxUint32/1000) * 1000) }

// Millipercent is a part of the target in thousandths of a percent: 12.5% is 12500.
func Millipercent(part uint32) Amount { return Amount{amountMillipercent, part} }

// ParseAmount reads a number of routes such as `3`, or a percentage with at most three decimals such as `25%` or
// `12.5%`.
func ParseAmount(text string) (Amount, error) {
	percentage, isPercentage := strings.CutSuffix(text, "%")
	if !isPercentage {
		if routes, ok := digits(text, math.MaxUint32); ok {
			return Count(uint32(routes)), nil
		}
	} else if part, ok := parseMillipercent(percentage); ok {
		return Millipercent(part), nil
	}
	return Amount{}, fmt.Errorf("`%s` is no amount: it should be a number of routes, or a percentage with "+
		"at most three decimals such as `25%%` or `12.5%%`", tidied(text, longestWord))
}

// parseMillipercent reads 12.5 as 12500.
func parseMillipercent(percentage string) (uint32, bool) {
	units, decimals, hasDecimals := strings.Cut(percentage, ".")
	if hasDecimals && (decimals == "" || len(decimals) > 3) {
		return 0, false
	}
	percent, isNumber := digits(units, math.MaxUint32)
	thousandths, isFraction := digits((decimals + "000")[:3], 999)
	part := percent*1000 + thousandths
	return uint32(part), isNumber && isFraction && part <= math.MaxUint32
}

// digits reads a number that is nothing but digits.
func digits(text string, most uint64) (uint64, bool) {
	// ParseUint takes no sign, and no underscores in base 10.
	value, err := strconv.ParseUint(text, 10, 64)
	return value, err == nil && value <= most
}

// String writes it as [ParseAmount] reads it, as short as can be; empty for a default.
func (a Amount) String() string {
	switch a.unit {
	case amountCount:
		return strconv.FormatUint(uint64(a.value), 10)
	case amountMillipercent:
		decimals := strings.TrimRight(fmt.Sprintf(".%03d", a.value%1000), "0")
		return fmt.Sprintf("%d%s%%", a.value/1000, strings.TrimSuffix(decimals, "."))
	default:
		return ""
	}
}

// MarshalJSON writes a number of routes as a number, a percentage as a string, and a default as null.
func (a Amount) MarshalJSON() ([]byte, error) {
	switch a.unit {
	case amountCount:
		return []byte(a.String()), nil
	case amountMillipercent:
		return json.Marshal(a.String())
	default:
		return []byte("null"), nil
	}
}

// UnmarshalJSON reads a number of routes or a percentage. A count is a number in JSON, not a string.
func (a *Amount) UnmarshalJSON(data []byte) error {
	var text string
	if json.Unmarshal(data, &text) == nil && strings.HasSuffix(text, "%") {
		read, err := ParseAmount(text)
		if err == nil {
			*a = read
		}
		return err
	}
	routes, ok := digits(string(data), math.MaxUint32)
	if !ok {
		return fmt.Errorf("%s is no amount: it should be a number of routes from 0 to 4294967295, "+
			"or a percentage such as \"25%%\" or \"12.5%%\"", tidied(string(data), longestWord))
	}
	*a = Count(uint32(routes))
	return nil
}

func (a Amount) or(other Amount) Amount {
	if a.unit == amountDefault {
		return other
	}
	return a
}

// isSome tells whether it is a percentage above 0%.
func (a Amount) isSome() bool { return a.unit == amountMillipercent && a.value > 0 }

// of resolves it at a number of routes; what is added to thousandths of a percent before they are cut rounds up.
func (a Amount) of(target uint32, add uint64) uint64 {
	if a.unit == amountCount {
		return uint64(a.value)
	}
	return (uint64(a.value)*uint64(target) + add) / whole
}
