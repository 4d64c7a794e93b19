package pointsman

import "testing"

// BenchmarkLoad loads blue-green: compiled anew, found in a cache folder, and the loader's part of
// both.
func BenchmarkLoad(b *testing.B) {
	file := componentFile{bytes: readFile(b, builtComponent(b, "plugins/blue_green.wasm"))}
	load := func(host *Host) func(b *testing.B) {
		return func(b *testing.B) {
			for b.Loop() {
				plugin, err := host.Load(background, file.bytes)
				if err != nil {
					b.Fatal(err)
				}
				plugin.Close()
			}
		}
	}
	uncached, err := NewHost(background, WithReleaseFolder(releaseFolder))
	if err != nil {
		b.Fatal(err)
	}
	defer uncached.Close(background)
	b.Run("compiled", load(uncached))
	b.Run("cached", load(newHost(b, Limits{})))
	b.Run("loader", func(b *testing.B) {
		for b.Loop() {
			if _, err := uncached.loader.admit(background, file, &strategyContract, uncached.limits); err != nil {
				b.Fatal(err)
			}
		}
	})
}
