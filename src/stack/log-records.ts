/**
 * What a record of a log is, by its first octet; log-format.ts tells of the whole. To be imported as a namespace, RECORD: in a
 * bundle they are numbers then.
 */

/** A stack is made: its options as JSON. From here on records are about it. */
export const STACK = 1
/** Records are about another stack: its number, from 0. */
export const OTHER_STACK = 2
/** A configuration that later records name by its number, from 1: what differs from the stack's own, as JSON. */
export const CONFIG = 3
/** A random number, or a chosen initial sequence number (0 and nothing: none was). */
export const RANDOM = 4
export const SEQUENCE_NUMBER = 5
/** How the next polls are made: octets of the frame, and `ownPacketsLeft`. */
export const POLLING = 7
/** How a run of several stacks was told, as JSON: `StoryEdit`s. */
export const STORY = 8
/** Nothing more was written: the log is as long as it may be. */
export const FULL = 9
/** It was ended in order. */
export const END = 10

export const PACKET = 32
export const TIMEOUT = 33
export const TRANSMIT = 34
export const DEADLINE = 35
export const TOLD = 36

export const LISTEN = 48
export const FREE_PORT = 49
export const ACCEPT = 50
export const CLOSE_LISTENER = 51
export const CONNECT = 52
export const CLOSE = 53
export const LISTENER_CONFIG = 54
export const BACKLOG = 55

export const OPEN = 64
export const SEND = 65
export const RECEIVE = 66
export const PUSH = 67
export const ACKNOWLEDGE_QUICKLY = 68
export const CLOSE_CONNECTION = 69
export const RELEASE = 70
export const ABORT = 71
export const RECONFIGURE = 72
export const EVENTS = 73

export const DONE = 128
export const THREW = 129
