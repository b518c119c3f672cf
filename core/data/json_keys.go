package data

import (
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
	"slices"
	"unsafe"
)

// keySet notices when an object repeats a key. It knows keys by a hash, so it may say that a key was seen that was not;
// never the other way round. Whoever asks looks again, or rewrites a document that would not have needed it.
type keySet struct {
	bloom uint64
	base  int // where this object's part of parser.hashes begins
	size  int // of the hash table that part is, 0 while it is a plain list
	n     int // hashes in the table
}

// manyKeys is from when on a list takes longer to search than a table.
const manyKeys = 32

func (p *parser) openKeys() keySet { return keySet{base: len(p.hashes)} }

func (p *parser) closeKeys(k *keySet) { p.hashes = p.hashes[:k.base] }

// seen adds a hash and says whether it was there.
func (p *parser) seen(k *keySet, h uint32) bool {
	if k.size == 0 && len(p.hashes)-k.base < manyKeys {
		bit := uint64(1) << (h >> 26)
		if k.bloom&bit != 0 && slices.Contains(p.hashes[k.base:], h) {
			return true
		}
		k.bloom |= bit
		p.hashes = append(p.hashes, h)
		return false
	}
	return p.seenInTable(k, h)
}

func (p *parser) seenInTable(k *keySet, h uint32) bool {
	if 2*k.n >= k.size {
		old := slices.Clone(p.hashes[k.base:])
		k.size, k.n = max(4*manyKeys, 2*k.size), 0
		p.hashes = slices.Grow(p.hashes[:k.base], k.size)[:k.base+k.size]
		clear(p.hashes[k.base:])
		for _, h := range old {
			if h != 0 {
				p.insert(k, h)
			}
		}
	}
	return p.insert(k, h)
}

// insert puts a hash into the table; 0 marks a free place, so it counts as 1.
func (p *parser) insert(k *keySet, h uint32) (seen bool) {
	h = max(h, 1)
	table := p.hashes[k.base:]
	for at := h; ; at++ {
		switch slot := &table[at&uint32(k.size-1)]; *slot {
		case h:
			return true
		case 0:
			*slot = h
			k.n++
			return false
		}
	}
}

// hashFactor differs in every process, so that nobody can write documents whose keys all collide.
var hashFactor = rand.Uint64() | 1

// hashKey hashes b[from:to].
func hashKey(b []byte, from, to int) uint32 {
	n := to - from
	var x uint64
	switch {
	case n > 16:
		for at := from; at < to-8; at += 8 {
			x = bits.RotateLeft64((x^load64(b, at))*hashFactor, 29)
		}
		x ^= load64(b, to-8)
	case n >= 8:
		x = load64(b, from) ^ bits.RotateLeft64(load64(b, to-8), 23)
	case from+8 <= len(b):
		x = load64(b, from) & (1<<(8*n) - 1)
	default:
		for i, c := range b[from:to] {
			x |= uint64(c) << (8 * i)
		}
	}
	return uint32((x ^ uint64(n)<<57) * hashFactor >> 32)
}

// load64 reads eight bytes at b[i:], which there must be.
func load64(b []byte, i int) uint64 {
	return binary.LittleEndian.Uint64((*[8]byte)(unsafe.Add(unsafe.Pointer(unsafe.SliceData(b)), i))[:])
}
