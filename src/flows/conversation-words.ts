/**
 * What is remembered of a conversation: a fixed number of 32-bit words in a page of many, so that half a million of them
 * take a hundred megabytes and no collector walks over them. A time is two words, whole seconds and nanoseconds.
 */

// ---- of the conversation, from its first word on

/** Addresses and ports of the two sides: A sent the first packet. */
export const ADDRESS_A = 0
export const ADDRESS_B = 4
/** Port of A in the upper half, of B in the lower one. */
export const PORTS = 8
export const BITS = 9
export const STREAM = 10
/** The last SYN without ACK. */
export const SYN_TIME = 11
export const INITIAL_RTT = 13
export const FIRST_TIME = 15
export const LAST_TIME = 17
export const FIRST_FRAME = 19
/** What `tcp.completeness` adds up, see COMPLETE_*. */
export const COMPLETENESS = 20
export const SIDE_A = 21

// ---- of each side, from the side's first word on

export const SIDE_BITS = 0
/** The sequence number that is shown as 0. */
export const BASE = 1
/** The highest end of a segment so far, and the packet that had it; 0: none yet. */
export const NEXT = 2
export const NEXT_FRAME = 3
export const NEXT_TIME = 4
/** The highest end without a gap before it. */
export const ACKABLE = 6
/** Of the side's last packet, whatever it was. */
export const LAST_ACK = 7
export const LAST_TIME_OF_SIDE = 8
export const WINDOW = 10
export const LAST_FLAGS = 11
/** Octets that the SACK blocks of its last packet cover. */
export const SACKED = 12
export const DUPLICATE_ACKS = 13
export const NOT_DUPLICATE_FRAME = 14
/** The shift count of its windows: SCALE_UNKNOWN, SCALE_NONE, or 0 to 14. */
export const SCALE = 15
export const PUSH_BYTES = 16
/** Segments that nobody has acknowledged: first and last of a list, see unacknowledged.ts. */
export const OLDEST = 17
export const NEWEST = 18
export const UNACKNOWLEDGED = 19

export const SIDE_WORDS = 20
export const SIDE_B = SIDE_A + SIDE_WORDS
export const CONVERSATION_WORDS = SIDE_B + SIDE_WORDS

// ---- bits of BITS

export const IS_IPV6 = 1
export const HAS_SYN_TIME = 2
export const HAS_INITIAL_RTT = 4
export const HAS_FIN = 8
export const HAS_SYN_TEXT = 16
/** The subtypes of Multipath TCP options so far, a bit each: the upper half. Of SIDE_BITS, those known to its last packet. */
export const MULTIPATH = 0xffff_0000 | 0
export const MULTIPATH_SHIFT = 16

// ---- bits of SIDE_BITS

export const HAS_BASE = 1
/** Octets in flight cannot be told: segments of this side are missing. */
export const HAS_GAP = 2
/** It sent a SYN, whose window is never scaled, and has not acknowledged anything since. */
export const SENT_NO_ACK = 4
export const SENT_PUSH_LAST = 8

export const SCALE_UNKNOWN = -1
export const SCALE_NONE = -2

// ---- tcp.completeness

export const COMPLETE_SYN = 1
export const COMPLETE_SYN_ACK = 2
export const COMPLETE_ACK = 4
export const COMPLETE_DATA = 8
export const COMPLETE_FIN = 16
export const COMPLETE_RST = 32
