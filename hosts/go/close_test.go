package pointsman

import (
	"errors"
	"sync"
	"testing"
	"time"
)

// Plugins and hosts that are closed while they are in use.

func TestALoadedPluginThatWasClosedIsNotCalled(t *testing.T) {
	host := newHost(t, Limits{})
	plugin := load(t, host, "plugins/blue_green.wasm")
	session, err := plugin.Session(background)
	if err != nil {
		t.Fatal(err)
	}
	plugin.Close()
	plugin.Close()
	if _, err := session.EvaluateCycle(background, nil, specWith("{}")); err != nil {
		t.Errorf("what is under way ends as it would: %v", err)
	}
	session.Close()
	for _, err := range []error{
		typedEntryPoint.call(background, plugin, "none"),
		func() error { _, err := session.EvaluateCycle(background, nil, specWith("{}")); return err }(),
	} {
		if callKind(t, plugin, err) != ErrClosed {
			t.Errorf("%v", err)
		}
	}
	if len(host.plugins) != 1 {
		t.Errorf("the host still knows %d plugins, and the guard is one", len(host.plugins))
	}
}

func TestAHostThatIsClosedWhileItIsInUse(t *testing.T) {
	host := newHost(t, Limits{Time: 200 * time.Millisecond})
	plugin := load(t, host, "guests/hostile.wasm")
	session := newSession(t, plugin)
	var group sync.WaitGroup
	for range 3 {
		running := &notifyingContext{Context: background, reached: make(chan struct{})}
		group.Go(func() {
			if _, err := plugin.EvaluateCycle(running, nil, misdeed("loop_forever")); !errors.Is(err, ErrTimeout) {
				t.Errorf("what is under way ends as it would: %v", err)
			}
		})
		<-running.reached
	}
	if err := host.Close(background); err != nil {
		t.Error(err)
	}
	if _, err := plugin.EvaluateCycle(background, nil, misdeed("none")); callKind(t, plugin, err) != ErrClosed {
		t.Errorf("%v", err)
	}
	if _, err := host.Load(background, nil); !errors.Is(err, ErrClosed) {
		t.Errorf("%v", err)
	}
	if _, err := session.EvaluateCycle(background, readyRoutes(3), misdeed("unknown_id")); !errors.Is(err,
		ErrPlanRejected) {
		t.Errorf("an open session goes on, and so does the guard: %v", err)
	}
	group.Wait()
	if host.users != 2 {
		t.Errorf("%d use it, and the session and its guard are two", host.users)
	}
	session.Close()
	if host.users != 0 {
		t.Errorf("%d use it", host.users)
	}
}
