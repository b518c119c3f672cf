package javatext

import (
	"slices"
	"unicode/utf8"
)

// StringHash is String.hashCode: over the UTF-16 units of s, 31 times the hash so far plus the unit. An invalid byte
// counts as U+FFFD, which is what Java decodes it to.
func StringHash(s string) int32 {
	var h int32
	for i, r := range s {
		if r >= utf8.RuneSelf {
			return wideHash(h, s[i:])
		}
		h = 31*h + r
	}
	return h
}

func wideHash(h int32, s string) int32 {
	for _, r := range s {
		if r > 0xffff {
			r -= 0x10000
			h = 31*h + (0xd800 + r>>10)
			r = 0xdc00 + r&0x3ff
		}
		h = 31*h + r
	}
	return h
}

// HashMapOrder returns the order, as indexes into keys, in which a java.util.HashMap that was created with
// new HashMap<>() and received the keys one after the other iterates over them. The keys must be distinct.
//
// A bucket of eight or more keys, which Java turns into a tree in a table of 64 or more, is kept in insertion order
// here; only keys made to collide get that far.
func HashMapOrder(keys []string) []int {
	capacity := uint32(16)
	for uint64(len(keys)) > uint64(capacity)/4*3 {
		capacity *= 2
	}
	type slot struct {
		bucket uint32
		key    int
	}
	// Growing splits a bucket without reordering it, so only the final capacity counts.
	slots := make([]slot, len(keys))
	for i, k := range keys {
		h := uint32(StringHash(k))
		slots[i] = slot{bucket: (h ^ h>>16) & (capacity - 1), key: i}
	}
	slices.SortStableFunc(slots, func(a, b slot) int { return int(a.bucket) - int(b.bucket) })
	order := make([]int, len(keys))
	for i, s := range slots {
		order[i] = s.key
	}
	return order
}
