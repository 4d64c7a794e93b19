package pointsman

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// The state folder keeps the quarantine, and the last good component of each strategy, over restarts:
//
//	quarantine.json                   {"format": 1, "quarantined": [{"digest", "strategy", "version", "reason", "at"}]}
//	good/<strategy>.json              {"format": 1, "strategy", "version", "digest", "at"}
//	good/<strategy>-<12 digits>.wasm  the component, named by the first hex digits of its digest
//
// The layout is that of the hosts in all languages. A file is written whole or not at all, and a component before what
// points to it, so that a crash at any moment leaves the last good version or the new one. What is damaged or foreign
// is told to operators, and counts as none: nothing here keeps a registry from starting or from deciding.

const (
	stateFormat = 1
	// largestState is the largest JSON file that is read, in bytes.
	largestState = 16 << 20
)

// stateFolder is one. It is safe for use by several goroutines at once.
type stateFolder struct {
	host         *Host
	folder, good string
	// writing is held while the last good versions change, so that a component goes only when nothing points to it.
	writing sync.Mutex
}

// lastGood is the last good version of a strategy.
type lastGood struct {
	strategy, version, path string
	file                    componentFile
}

// aboutGood is what is said of the component beside it.
type aboutGood struct {
	Format   int    `json:"format"`
	Strategy string `json:"strategy"`
	Version  string `json:"version"`
	Digest   string `json:"digest"`
	// At is for people, and decides nothing.
	At int64 `json:"at"`
}

// newStateFolder makes the folder where it is not there. One that cannot be made or written to keeps nothing.
func newStateFolder(host *Host, folder string) *stateFolder {
	state := &stateFolder{host: host, folder: folder, good: filepath.Join(folder, "good")}
	if err := os.MkdirAll(state.good, 0o755); err != nil {
		state.tell("cannot be used", folder, err)
	}
	return state
}

// quarantined reads the quarantine.
func (s *stateFolder) quarantined() []quarantined {
	path := filepath.Join(s.folder, "quarantine.json")
	content := s.read(path)
	if content == nil {
		return nil
	}
	var given struct {
		Quarantined []struct {
			Digest, Strategy, Version, Reason *string
			At                                *int64
		}
	}
	err := json.Unmarshal(content, &given)
	if err == nil && given.Quarantined == nil {
		err = errors.New("it has no list `quarantined`")
	}
	var entries []quarantined
	for i, each := range given.Quarantined {
		if each.Digest == nil || each.Strategy == nil || each.Version == nil || each.Reason == nil || each.At == nil {
			err = errors.Join(err, fmt.Errorf("`quarantined[%d]` has not all fields", i))
			break
		}
		entries = append(entries, quarantined{*each.Digest, *each.Strategy, *each.Version, *each.Reason, *each.At})
	}
	if err != nil {
		s.tell("is not what a registry writes, and counts as none", path, err)
		return nil
	}
	return entries
}

func (s *stateFolder) writeQuarantine(entries []quarantined) {
	if entries == nil {
		entries = []quarantined{}
	}
	s.write(filepath.Join(s.folder, "quarantine.json"), indented(struct {
		Format      int           `json:"format"`
		Quarantined []quarantined `json:"quarantined"`
	}{stateFormat, entries}))
}

// strategies are those of which there may be a last good version, in the order of their names.
func (s *stateFolder) strategies() []string {
	entries, _ := os.ReadDir(s.good)
	var names []string
	for _, entry := range entries {
		// A name that no strategy can have is no path that anything here has written.
		if name, isJSON := strings.CutSuffix(entry.Name(), ".json"); isJSON && isStrategyName(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// readGood reads the last good version of a strategy; nil where there is none that is whole.
func (s *stateFolder) readGood(strategy string) *lastGood {
	path := filepath.Join(s.good, strategy+".json")
	content := s.read(path)
	if content == nil {
		return nil
	}
	var about aboutGood
	var component string
	var file componentFile
	err := json.Unmarshal(content, &about)
	if err == nil {
		component, err = s.component(strategy, about.Digest)
	}
	if err == nil {
		file, err = s.host.read(component)
	}
	if err == nil && (about.Strategy != strategy || about.Digest != file.id.Digest) {
		err = errors.New("it is of another component")
	}
	if err != nil {
		s.tell("is not what a registry writes, and counts as none", path, err)
		return nil
	}
	return &lastGood{strategy, about.Version, component, file}
}

// writeGood writes the last good version of a strategy.
func (s *stateFolder) writeGood(strategy, version, digest string, content []byte) {
	s.writing.Lock()
	defer s.writing.Unlock()
	path := filepath.Join(s.good, strategy+".json")
	component, err := s.component(strategy, digest)
	if err != nil {
		s.tell("cannot be written", path, err)
		return
	}
	var before aboutGood
	if content := s.read(path); content != nil {
		_ = json.Unmarshal(content, &before)
	}
	about := aboutGood{stateFormat, strategy, version, digest, time.Now().UnixMilli()}
	if !s.write(component, content) || !s.write(path, indented(about)) {
		return
	}
	if old, err := s.component(strategy, before.Digest); err == nil && old != component {
		// It is in nobody's way where it stays.
		_ = os.Remove(old)
	}
}

// component is where a component of this digest is.
func (s *stateFolder) component(strategy, digest string) (string, error) {
	digits, isDigest := strings.CutPrefix(digest, "sha256:")
	if _, err := hex.DecodeString(digits); err != nil || !isDigest || len(digits) != 64 {
		return "", fmt.Errorf("its digest is %q, not `sha256:` and 64 hex digits", shown(digest))
	}
	return filepath.Join(s.good, strategy+"-"+digits[:12]+".wasm"), nil
}

// read gives a JSON file of this format; nil where it is not there or is not that, which operators are told.
func (s *stateFolder) read(path string) []byte {
	content, err := readRegular(path, largestState)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err == nil {
		var found struct{ Format *int }
		if err = json.Unmarshal(content, &found); err == nil && (found.Format == nil || *found.Format != stateFormat) {
			err = fmt.Errorf("its format is not %d", stateFormat)
		}
	}
	if err != nil {
		s.tell("cannot be read, and counts as none", path, err)
		return nil
	}
	return content
}

// write writes a file whole, and tells whether it could.
func (s *stateFolder) write(path string, content []byte) bool {
	// As other files are, and not for its owner alone: another manager may take over.
	if err := writeWhole(path, content, 0o644); err != nil {
		s.tell("cannot be written", path, err)
		return false
	}
	return true
}

func (s *stateFolder) tell(what, path string, err error) {
	s.host.log.Error("state folder: a file "+what, "file", shown(path), "error", shown(err.Error()))
}

// indented is JSON for people as well. What is given can always be written.
func indented(value any) []byte {
	var to strings.Builder
	encoder := json.NewEncoder(&to)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(value)
	return []byte(strings.TrimSuffix(to.String(), "\n"))
}
