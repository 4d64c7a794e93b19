package pointsman

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// Isolation: a call leaves nothing for the next, but in a session.

func remembered(t *testing.T, evaluate func(spec *Spec) (*RouteChanges, error)) string {
	t.Helper()
	plan, err := evaluate(misdeed("remember"))
	if err != nil {
		t.Error(err)
		return ""
	}
	return plan.Reason.Message
}

func byPlugin(plugin *Plugin) func(spec *Spec) (*RouteChanges, error) {
	return func(spec *Spec) (*RouteChanges, error) { return plugin.EvaluateCycle(background, nil, spec) }
}

func newSession(t *testing.T, plugin *Plugin) *Session {
	t.Helper()
	session, err := plugin.Session(background)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(session.Close)
	return session
}

func bySession(session *Session) func(spec *Spec) (*RouteChanges, error) {
	return func(spec *Spec) (*RouteChanges, error) { return session.EvaluateCycle(background, nil, spec) }
}

func TestEveryCallHasAnInstanceThatIsAsGoodAsNew(t *testing.T) {
	for range 3 {
		if found := remembered(t, byPlugin(hostile(t))); found != "1 calls" {
			t.Errorf("it remembers %s", found)
		}
	}
}

func TestASessionKeepsWhatThePluginRemembers(t *testing.T) {
	session := newSession(t, hostile(t))
	for i := range 3 {
		if found := remembered(t, bySession(session)); found != fmt.Sprintf("%d calls", i+1) {
			t.Errorf("it remembers %s", found)
		}
	}
	session.Close()
	if found := remembered(t, byPlugin(hostile(t))); found != "1 calls" {
		t.Errorf("after the session it remembers %s", found)
	}
}

func TestASessionStartsAnewAfterATrap(t *testing.T) {
	session := newSession(t, hostile(t))
	if _, err := session.EvaluateCycle(background, nil, misdeed("trap")); !errors.Is(err, ErrTrap) {
		t.Fatal(err)
	}
	if found := remembered(t, bySession(session)); found != "1 calls" {
		t.Errorf("it remembers %s", found)
	}
}

func TestAPluginThatTurnsBadAfterAHundredCallsIsFoundOutOnlyInASession(t *testing.T) {
	plugin := load(t, newHost(t, Limits{Time: 100 * time.Millisecond}), "guests/hostile.wasm")
	turning := misdeed("turn_bad_after_a_hundred")
	for range 101 {
		if _, err := plugin.EvaluateCycle(background, nil, turning); err != nil {
			t.Fatal(err)
		}
	}
	session := newSession(t, plugin)
	for range 100 {
		if _, err := session.EvaluateCycle(background, nil, turning); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := session.EvaluateCycle(background, nil, turning); !errors.Is(err, ErrTimeout) {
		t.Error(err)
	}
	if _, err := session.EvaluateCycle(background, nil, turning); err != nil {
		t.Error(err)
	}
}

func TestGoroutinesShareAPlugin(t *testing.T) {
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 20 {
				if found := remembered(t, byPlugin(hostile(t))); found != "1 calls" {
					t.Errorf("it remembers %s", found)
				}
			}
		})
	}
	group.Wait()
}

// Whatever a call did to its instance, byte for byte: memory, its size, globals.
func TestARewoundInstanceIsAsANewOne(t *testing.T) {
	plugin := hostile(t)
	for _, memory := range []string{"the system's", "Go's", "all of the system's", "all of Go's"} {
		used, err := plugin.loaded.instantiate(background)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(memory, "Go's") && used.linear.isMapped {
			// As where the system is not known: every byte of it, whatever it was.
			used.linear = &guestMemory{bytes: used.linear.bytes[:used.memory.Size()]}
		}
		whole, _ := used.memory.Read(0, used.memory.Size())
		before, image := append([]byte(nil), whole...), used.image()
		for i := range whole {
			whole[i] = 0xa5
		}
		for _, global := range used.globals {
			global.Set(7)
		}
		if strings.HasPrefix(memory, "all") {
			// As far as the plugin knows.
			used.globals[len(used.globals)-1].Set(uint64(used.memory.Size() / page))
		}

		used.rewind(&image)

		whole, _ = used.memory.Read(0, used.memory.Size())
		for i, b := range whole {
			expected := byte(0)
			if i < len(before) {
				expected = before[i]
			}
			if b != expected {
				t.Fatalf("%s memory: byte %d is %d, not %d", memory, i, b, expected)
			}
		}
		for i, global := range used.globals {
			if global.Get() != image.globals[i] {
				t.Errorf("global %d is %d", i, global.Get())
			}
		}
		system := used.linear
		used.close()
		if system.isMapped {
			t.Errorf("%s memory was not given back", memory)
		}
	}
}

// Memory that an instance has grown by is used again, and what the plugin sees is as it was, so that many calls take no
// more than one.
func TestManyLargeCallsTakeNoMoreMemoryThanOne(t *testing.T) {
	plugin := load(t, newHost(t, Limits{Memory: 3 << 20}), "plugins/blue_green.wasm")
	routes := readyRoutes(2000)
	for i := range 20 {
		if _, err := plugin.EvaluateCycle(background, routes, specWith("{}")); err != nil {
			t.Fatalf("call %d: %v", i, err)
		}
	}
	if found := len(plugin.loaded.idle.instances); found != 1 {
		t.Errorf("%d instances wait for calls that came one after the other", found)
	}
}

// A plugin whose code can change more than is put back.
func TestWhatCannotBeRewoundIsNotUsedAgain(t *testing.T) {
	plugin := load(t, newHost(t, Limits{}), "guests/hostile.wasm")
	plugin.loaded.isRewindable = false
	// The one that loading has left.
	first, err := plugin.loaded.take(background)
	if err != nil {
		t.Fatal(err)
	}
	plugin.loaded.give(first)
	for range 3 {
		if found := remembered(t, byPlugin(plugin)); found != "1 calls" {
			t.Errorf("it remembers %s", found)
		}
	}
	if found := len(plugin.loaded.idle.instances); found != 0 {
		t.Errorf("%d instances wait for another call", found)
	}
}

// Neither can what a call did be found out by where memory ends.
func TestNoCallCanTellHowFarTheOneBeforeHasGrown(t *testing.T) {
	// check-config: with a text of one byte it grows by so many pages, with a longer one it reads so many pages further
	// on.
	for _, pages := range []int32{1, spare - 1, spare, spare + 1, 50} {
		c := strategyCore()
		c.functions[2].code = code(opLocalGet, 1, i32Const(1), 0x46, opIf, emptyBlock, i32Const(pages), opMemoryGrow, 0,
			0x1a, 0x05,
			i32Const(pages<<16), 0x28, 2, 0, 0x1a, opEnd, i32Const(16))
		c.functions[3].code = i32Const(1024)
		plugin, err := sharedHost(t).Load(background, strategyOf(t, c))
		if err != nil {
			t.Fatal(err)
		}
		_, before := plugin.CheckConfig(background, "read", 1)
		if _, err := plugin.CheckConfig(background, "g", 1); err != nil {
			t.Errorf("it does not grow by %d: %v", pages, err)
		}
		_, after := plugin.CheckConfig(background, "read", 1)
		if (before == nil) != (after == nil) || (before == nil) != (pages <= spare) {
			t.Errorf("%d pages: %v before, %v after", pages, before, after)
		}
		plugin.Close()
	}
}
