package pointsman

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"
)

// Policies: amounts as text and JSON, and what they come to at a target.

func TestAnAmountIsReadAndWritten(t *testing.T) {
	for _, c := range []struct {
		text    string
		amount  Amount
		written string
	}{
		{"0", Count(0), "0"}, {"3", Count(3), "3"}, {"4294967295", Count(math.MaxUint32), "4294967295"},
		{"25%", Percent(25), "25%"}, {"12.5%", Millipercent(12_500), "12.5%"}, {"12.50%", Millipercent(12_500), "12.5%"},
		{"0%", Percent(0), "0%"}, {"0.001%", Millipercent(1), "0.001%"}, {"100.010%", Millipercent(100_010), "100.01%"},
		{"4294967.295%", Millipercent(math.MaxUint32), "4294967.295%"},
	} {
		found, err := ParseAmount(c.text)
		if err != nil || found != c.amount || found.String() != c.written {
			t.Errorf("%s is read as %#v and written as %s, %v", c.text, found, found, err)
		}
		inJSON := c.text
		if strings.HasSuffix(c.text, "%") {
			inJSON = `"` + c.text + `"`
		}
		var read Amount
		if err := json.Unmarshal([]byte(inJSON), &read); err != nil || read != c.amount {
			t.Errorf("%s is read as %#v, %v", inJSON, read, err)
		}
		written, err := json.Marshal(read)
		if err != nil || strings.Trim(string(written), `"`) != c.written || strings.HasPrefix(string(written),
			`"`) != strings.HasPrefix(inJSON, `"`) {
			t.Errorf("%s is written as %s, %v", inJSON, written, err)
		}
	}
}

func TestWhatIsNoAmount(t *testing.T) {
	for _, text := range []string{
		"", "%", "+1", "-1", "1.5", "4294967296", "4294967.296%", ".5%", "5.%", "1.2345%", " 1%", "1 %", "1e2%", "1.-5%",
		"1_0", "0x10", "99999999999999999999%",
	} {
		if found, err := ParseAmount(text); err == nil || !strings.HasPrefix(err.Error(),
			"`"+text+"` is no amount: it should be a number of routes, or") {
			t.Errorf("%q is read as %v, %v", text, found, err)
		}
	}
	for _, text := range []string{`"3"`, `1.5`, `-1`, `4294967296`, `null`, `true`, `{}`, `"5.%"`, `"`} {
		amount := Count(7)
		if err := amount.UnmarshalJSON([]byte(text)); err == nil || amount != Count(7) {
			t.Errorf("%s is read as %v, %v", text, amount, err)
		}
	}
}

func TestAPolicyInJSON(t *testing.T) {
	var policy Policy
	if err := json.Unmarshal([]byte(`{"max_surge": 1, "max_unavailable": "12.5%"}`), &policy); err != nil ||
		policy != (Policy{Millipercent(12_500), Count(1), Amount{}}) {
		t.Errorf("%+v, %v", policy, err)
	}
	for text, contains := range map[string]string{
		`{"surge_limit": 1}`:  "`surge_limit` is unknown",
		`{"max_surge": "1"}`:  "`max_surge`: \"1\" is no amount: it should be a number of routes",
		`[]`:                  "[] is no object",
		`{"max_surge": null}`: "`max_surge` is null", `{"max_surge": 1, "max_surge": 1}`: "`max_surge` is given twice",
	} {
		if err := json.Unmarshal([]byte(text), &policy); err == nil || !strings.Contains(err.Error(), contains) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestWhatIsLeftOutOfAPolicyHasItsDefault(t *testing.T) {
	if found := (Policy{}).Resolve(10); found != (Commitment{8, 20}) || DefaultPolicy().Resolve(10) != found {
		t.Errorf("%+v", found)
	}
	if found := (Policy{MaxUnavailable: Count(0)}).Resolve(10); found != (Commitment{10, 20}) {
		t.Errorf("an explicit 0 is %+v", found)
	}
	if found := (Policy{MaxSurge: Count(3)}).Resolve(10); found != (Commitment{8, 13}) {
		t.Errorf("%+v", found)
	}
}

// share is a part of a number, in thousandths of a percent, in numbers that do not overflow.
func share(part, of uint32, isUp bool) *big.Int {
	whole := big.NewInt(100 * 1000)
	product := new(big.Int).Mul(big.NewInt(int64(part)), big.NewInt(int64(of)))
	quotient, rest := new(big.Int).QuoRem(product, whole, new(big.Int))
	if isUp && rest.Sign() > 0 {
		quotient.Add(quotient, big.NewInt(1))
	}
	return quotient
}

// resolvedAnew resolves a policy from the rules as they are written, to judge a host's arithmetic and the guard's.
func resolvedAnew(policy Policy, target uint32) Commitment {
	if target == 0 {
		return Commitment{}
	}
	whole, one := big.NewInt(int64(target)), big.NewInt(1)
	amount := func(amount Amount, isUp bool) *big.Int {
		if amount.unit == amountCount {
			return big.NewInt(int64(amount.value))
		}
		return share(amount.value, target, isUp)
	}
	unavailable := amount(policy.MaxUnavailable, false)
	isPercentage := policy.MaxUnavailable.unit == amountMillipercent && policy.MaxUnavailable.value > 0
	if isPercentage && unavailable.Sign() == 0 && target > 1 {
		unavailable = one
	}
	if unavailable.Cmp(whole) > 0 {
		unavailable = whole
	}
	surge := amount(policy.MaxSurge, true)
	if surge.Sign() == 0 {
		surge = one
	}
	least := new(big.Int).Sub(whole, unavailable)
	most := new(big.Int).Add(whole, surge)
	if most.Cmp(big.NewInt(math.MaxUint32)) > 0 {
		most = big.NewInt(math.MaxUint32)
	}
	return Commitment{uint32(least.Uint64()), uint32(most.Uint64())}
}

func TestAPolicyComesToWhatTheGuardSays(t *testing.T) {
	guard, err := sharedHost(t).guard.session(background, forGuard)
	if err != nil {
		t.Fatal(err)
	}
	defer guard.Close()
	resolve := func(policy Policy, target uint32) (found Commitment) {
		err := guard.do(background, sharedHost(t).limits.Time, guardResolve, func(l *lowering) {
			for i, amount := range []Amount{policy.MaxUnavailable, policy.MaxSurge, policy.CompleteAt} {
				l.stack[2*i], l.stack[2*i+1] = uint64(amount.unit-amountCount), uint64(amount.value)
			}
			l.stack[6] = uint64(target)
		}, func(l *lifting, at uint32) { found = commitmentAt(l.record(at, sizeCommitment, align4)) })
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	var amounts []Amount
	for _, value := range []uint32{0, 1, 2, 3, 7, 100, math.MaxUint32} {
		amounts = append(amounts, Count(value))
	}
	for _, value := range []uint32{0, 1, 999, 7_000, 12_500, 25_000, 33_333, 99_999, 100_000, 100_001, 400_000,
		math.MaxUint32} {
		amounts = append(amounts, Millipercent(value))
	}
	targets := []uint32{100, 999, 10_000, 1 << 31, math.MaxUint32 - 1, math.MaxUint32}
	for target := range uint32(13) {
		targets = append(targets, target)
	}
	for _, target := range targets {
		for _, amount := range amounts {
			for _, policy := range []Policy{{amount, Percent(100), Percent(100)}, {Percent(25), amount, Percent(100)}} {
				found, anew, guards := policy.Resolve(target), resolvedAnew(policy, target), resolve(policy, target)
				if found != anew || found != guards {
					t.Errorf("%v at %d is %+v, the guard says %+v, the rules %+v", policy, target, found, guards, anew)
				}
			}
		}
	}
	if found := fmt.Sprint(resolve(DefaultPolicy(), 10)); found != "{8 20}" {
		t.Errorf("%s", found)
	}
}
