package pointsman

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The README's programs and their output.

// block is the first fenced block of a language after a heading.
func block(t *testing.T, heading, language string) string {
	t.Helper()
	_, rest, hasHeading := strings.Cut(string(readFile(t, "README.md")), "\n"+heading+"\n")
	_, rest, hasStart := strings.Cut(rest, "\n```"+language+"\n")
	block, _, hasEnd := strings.Cut(rest, "\n```\n")
	if !hasHeading || !hasStart || !hasEnd {
		t.Fatalf("there is no %s under %s", language, heading)
	}
	return block + "\n"
}

// goTool runs go in a folder, without a network.
func goTool(t *testing.T, folder string, args ...string) {
	t.Helper()
	command := exec.Command("go", args...)
	command.Dir = folder
	command.Env = append(os.Environ(), "GOPROXY=off", "GOFLAGS=-mod=mod", "GOWORK=off")
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, output)
	}
}

// output runs a program from the root of the repository, and gives what it prints.
func output(t *testing.T, program string, args ...string) string {
	t.Helper()
	builtComponent(t, "plugins/blue_green.wasm")
	command := exec.Command(program, args...)
	command.Dir = filepath.Join("..", "..")
	command.Stderr = os.Stderr
	printed, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(printed)
}

func TestTheQuickstartRunsAsPrinted(t *testing.T) {
	module, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	program := filepath.Join(folder, "quickstart")
	const path = "github.com/pointsman/pointsman/hosts/go"
	requires := strings.SplitN(string(readFile(t, "go.mod")), "\n", 2)[1]
	for name, content := range map[string]string{
		"main.go": block(t, "## Quickstart", "go"),
		"go.mod": "module quickstart\n" + requires + "\nrequire " + path + " v0.0.0\n\nreplace " + path + " => " + module +
			"\n",
		"go.sum": string(readFile(t, "go.sum")),
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	goTool(t, folder, "build", "-o", program, ".")
	if found, expected := output(t, program), block(t, "## Quickstart", "text"); found != expected {
		t.Errorf("found\n%s\nexpected\n%s", found, expected)
	}
}

func TestTheManagerPrintsWhatItPrintsInEveryLanguage(t *testing.T) {
	program := filepath.Join(t.TempDir(), "manager")
	goTool(t, ".", "build", "-o", program, "./examples/manager")
	expected := string(readFile(t, filepath.Join("..", "..", "examples", "manager", "expected.txt")))
	for _, args := range [][]string{nil, {"target/plugins/blue_green.wasm"}} {
		if found := output(t, program, args...); found != expected {
			t.Errorf("found\n%s\nexpected\n%s", found, expected)
		}
	}
	if shown := block(t, "## A manager's loop", "text"); shown != expected {
		t.Errorf("the README shows\n%s", shown)
	}
}
