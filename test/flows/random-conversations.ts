/**
 * Conversations that never were, from a seed: what real ones do, and what only attackers and broken stacks do, in any order.
 * What an analysis has branches for comes often: exact ends of windows, repeated acknowledgments, probes, gaps, what fills
 * them, numbers that wrap, ports used again, and times just below and above its limits.
 */

import type { Random } from '../../src/sim/random.ts'
import { ACK, FIN, PSH, RST, SYN, URG } from '../../src/wire/segment.ts'
import { type End, ethernetFrame, ipPacket, RandomFile } from './random-frames.ts'

interface Side {
  readonly end: End
  iss: number
  /** The next number that is new. */
  next: number
  window: number
  /** The shift count that its SYN offered; -1: none. */
  scale: number
  lastAck: number
  /** What it sent: where, and how many octets. */
  sent: [seq: number, length: number][]
  /** What it left out. */
  skipped: [seq: number, length: number][]
}

interface Conversation {
  readonly sides: readonly [Side, Side]
  readonly vlans: readonly number[]
}

type Step = (scene: Scene, my: Side, their: Side) => void

/** Microseconds between packets: around the limits of 3 ms and 20 ms, of a round trip, and of none. */
const PAUSES = [0, 0, 1, 10, 200, 1000, 2999, 3000, 3001, 8000, 19_999, 20_000, 20_001, 100_000, 1_500_000]
const LENGTHS = [1, 1, 2, 3, 7, 100, 536, 1000, 1460]
const FIRST_NUMBERS = [0, 1, 2, 0x7fff_fff0, 0x7fff_ffff, 0x8000_0000, 0xffff_fff0, 0xffff_ffff, 0xffff_fa00]
const WINDOWS = [0, 0, 1, 100, 512, 1460, 29_200, 65_535]
const START = 1_700_000_000e6
const CONVERSATIONS_AT_ONCE = 6

/** A pcap file of so many packets. */
export function randomCapture(random: Random, packets: number): Uint8Array {
  const scene = new Scene(random)
  const conversations: Conversation[] = []
  while (scene.file.packets < packets) {
    const slot = random.range(0, CONVERSATIONS_AT_ONCE - 1)
    if (conversations[slot] === undefined || random.chance(0.01)) {
      conversations[slot] = scene.open()
    }
    const { sides, vlans } = conversations[slot]
    scene.vlans = vlans
    const isClient = random.chance(0.5)
    const my = sides[isClient ? 0 : 1]
    const their = sides[isClient ? 1 : 0]
    random.pick(STEPS)(scene, my, their)
  }
  return scene.file.octets
}

class Scene {
  readonly file = new RandomFile()
  readonly random: Random
  vlans: readonly number[] = []
  #at = START
  #id = 0

  constructor(random: Random) {
    this.random = random
  }

  /** Two ends out of few, so that ports are used again; mostly with a handshake. */
  open(): Conversation {
    const { random } = this
    const isVersion6 = random.chance(0.2)
    const address = (host: number): number[] =>
      isVersion6 ? [0xfd, ...new Array(14).fill(0), host] : [10, 0, 0, host]
    const client = { address: address(random.range(1, 5)), port: random.range(50_000, 50_040) }
    const server = { address: address(random.range(6, 7)), port: random.pick([40_100, 50_001]) }
    const sides = [this.#side(client), this.#side(server)] as const
    const vlans = random.chance(0.1) ? [5] : random.chance(0.1) ? [7, 8] : []
    this.vlans = vlans
    if (random.chance(0.75)) handshake(this, sides[0], sides[1])
    return { sides, vlans }
  }

  #side(end: End): Side {
    const { random } = this
    const iss = random.chance(0.5) ? random.int32() >>> 0 : random.pick(FIRST_NUMBERS)
    const scale = random.chance(0.6) ? random.pick([0, 1, 2, 7, 14, 15]) : -1
    return {
      end,
      iss,
      next: iss,
      window: random.pick(WINDOWS),
      scale,
      lastAck: 0,
      sent: [],
      skipped: [],
    }
  }

  /** Sends a segment, with whatever options; the sides' own numbers stay as they are. */
  send(my: Side, their: Side, seq: number, flags: number, length = 0, options: readonly number[] = []): void {
    const { random } = this
    const ack = (flags & ACK) === 0 && random.chance(0.9) ? 0 : my.lastAck
    const text = Uint8Array.from({ length }, () => random.range(97, 122))
    const segment = { from: my.end, to: their.end, seq, ack, flags, window: my.window, options, text }
    const frame = ethernetFrame(ipPacket(segment, this.#id++ & 0xffff), this.vlans)
    this.#at += random.pick(PAUSES)
    const before = random.chance(0.002) ? random.range(1, 5000) : 0
    const held = random.chance(0.01) ? random.range(54, frame.length) : frame.length
    this.file.add(this.#at - before, frame, held)
    if (length > 0) my.sent.push([seq, length])
    if (my.sent.length > 20) my.sent.shift()
  }
}

const after = (seq: number, octets: number): number => (seq + octets) >>> 0

function handshake(scene: Scene, my: Side, their: Side): void {
  const { random } = scene
  syn(scene, my, their)
  if (random.chance(0.1)) syn(scene, my, their)
  my.next = after(my.iss, 1)
  if (random.chance(0.9)) {
    synAck(scene, my, their)
    if (random.chance(0.1)) synAck(scene, my, their)
  }
  their.next = after(their.iss, 1)
  my.lastAck = their.next
  if (random.chance(0.9)) scene.send(my, their, my.next, ACK)
}

function syn(scene: Scene, my: Side, their: Side): void {
  const { random } = scene
  const length = random.chance(0.1) ? random.pick(LENGTHS) : 0
  scene.send(my, their, my.iss, SYN, length, synOptions(random, my))
  if (random.chance(0.5)) my.next = after(my.iss, 1 + length)
}

function synAck(scene: Scene, my: Side, their: Side): void {
  const { random } = scene
  their.lastAck = random.chance(0.9) ? my.next : after(my.next, random.pick([1, 100, -1]))
  const length = random.chance(0.05) ? random.pick(LENGTHS) : 0
  scene.send(their, my, their.iss, SYN | ACK, length, synOptions(random, their))
}

function synOptions(random: Random, { scale }: Side): number[] {
  const options = random.chance(0.8) ? [2, 4, 5, 0xb4] : []
  if (scale >= 0) options.push(1, 3, 3, scale)
  if (random.chance(0.5)) options.push(4, 2, 1, 1)
  if (random.chance(0.1)) options.push(...random.pick([FAST_OPEN_REQUEST, FAST_OPEN_COOKIE, FAST_OPEN_OLD]))
  return options
}

const FAST_OPEN_REQUEST = [34, 2, 1, 1]
const FAST_OPEN_COOKIE = [34, 10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 1]
const FAST_OPEN_OLD = [254, 4, 0xf9, 0x89]

function data(scene: Scene, my: Side, their: Side, length = scene.random.pick(LENGTHS)): void {
  const { random } = scene
  const flags = ACK | (random.chance(0.3) ? PSH : 0) | (random.chance(0.02) ? URG : 0)
  scene.send(my, their, my.next, flags | (random.chance(0.02) ? FIN : 0), length)
  my.next = after(my.next, length)
}

/** A segment once more, whole, a part of it, or with more than it had. */
function again(scene: Scene, my: Side, their: Side): void {
  const { random } = scene
  if (my.sent.length === 0) return
  const [seq, length] = random.pick(my.sent)
  const skip = random.chance(0.2) ? random.range(0, length) : 0
  const more = random.chance(0.1) ? random.range(-5, 5) : 0
  scene.send(my, their, after(seq, skip), ACK, Math.max(1, length - skip + more))
}

function gap(scene: Scene, my: Side, their: Side): void {
  const length = scene.random.pick(LENGTHS)
  my.skipped.push([my.next, length])
  my.next = after(my.next, length)
  if (scene.random.chance(0.8)) data(scene, my, their)
}

function fillGap(scene: Scene, my: Side, their: Side): void {
  const piece = my.skipped.pop()
  if (piece !== undefined) scene.send(my, their, piece[0], ACK, piece[1])
}

/** An acknowledgment of everything, of an end of a segment, or of anything. */
function acknowledge(scene: Scene, my: Side, their: Side): void {
  const { random } = scene
  const ends = their.sent.map(([seq, length]) => after(seq, length))
  const choices = [
    their.next,
    their.next,
    their.next,
    after(their.next, 1),
    after(their.next, random.range(-3000, 3000)),
  ]
  my.lastAck = ends.length > 0 && random.chance(0.5) ? random.pick(ends) : random.pick(choices)
  scene.send(my, their, my.next, ACK, 0, selective(random, my, their))
}

/** Blocks beyond the acknowledgment, and sometimes before it. */
function selective(random: Random, my: Side, their: Side): number[] {
  if (random.chance(0.7)) return random.chance(0.2) ? [1, 1, 8, 10, 0, 0, 0, 9, 0, 0, 0, 7] : []
  const blocks = random.range(1, 4)
  const options = [1, 1, 5, 2 + 8 * blocks]
  for (let block = 0; block < blocks; block++) {
    const from = after(random.chance(0.5) ? my.lastAck : their.next, random.range(-2000, 2000))
    const to = after(from, random.pick(LENGTHS))
    for (const edge of [from, to]) options.push(edge >>> 24, edge >>> 16, edge >>> 8, edge)
  }
  return options.map((octet) => octet & 0xff)
}

function repeat(scene: Scene, my: Side, their: Side): void {
  const times = scene.random.range(1, 4)
  for (let time = 0; time < times; time++)
    scene.send(my, their, my.next, ACK, 0, selective(scene.random, my, their))
}

function changeWindow(scene: Scene, my: Side, their: Side): void {
  my.window = scene.random.pick(WINDOWS)
  scene.send(my, their, my.next, ACK)
}

/** A zero window, a probe or two, an answer, and perhaps more text behind the probe's octet. */
function stall(scene: Scene, my: Side, their: Side): void {
  const { random } = scene
  their.lastAck = my.next
  their.window = 0
  scene.send(their, my, their.next, ACK)
  const probes = random.range(0, 3)
  for (let probe = 0; probe < probes; probe++) {
    if (random.chance(0.6)) scene.send(my, their, my.next, ACK, 1)
    else scene.send(my, their, after(my.next, -1), ACK, random.range(0, 1))
    if (random.chance(0.8)) scene.send(their, my, their.next, ACK)
  }
  if (random.chance(0.5)) their.window = random.pick(WINDOWS)
  if (random.chance(0.5)) data(scene, my, their)
}

function keepAlive(scene: Scene, my: Side, their: Side): void {
  const { random } = scene
  scene.send(my, their, after(my.next, -1), ACK, random.chance(0.3) ? 1 : 0)
  if (random.chance(0.7)) scene.send(their, my, their.next, ACK)
}

/** Text up to the end of the peer's window, or nearly so. */
function fillWindow(scene: Scene, my: Side, their: Side): void {
  const { random } = scene
  const shift = random.chance(0.7) && my.scale >= 0 ? Math.max(0, their.scale) : 0
  const end = after(their.lastAck, their.window * 2 ** Math.min(shift, 14))
  const length = (end - my.next) >>> 0
  if (length === 0 || length > 65_000) return
  const rest = Math.min(length, 1460)
  my.next = after(my.next, length - rest)
  data(scene, my, their, Math.max(1, rest + random.pick([0, 0, 0, 1, -1])))
}

function fin(scene: Scene, my: Side, their: Side): void {
  scene.send(my, their, my.next, FIN | (scene.random.chance(0.9) ? ACK : 0), scene.random.pick([0, 0, 10]))
  if (scene.random.chance(0.5)) my.next = after(my.next, 1)
}

function reset(scene: Scene, my: Side, their: Side): void {
  const { random } = scene
  const seq = random.chance(0.7) ? my.next : after(my.next, random.range(-2000, 2000))
  scene.send(
    my,
    their,
    seq,
    RST | (random.chance(0.5) ? ACK : 0),
    random.chance(0.2) ? random.pick(LENGTHS) : 0,
  )
}

/** The ports once more: with the same first number, or another one. */
function openAgain(scene: Scene, my: Side, their: Side): void {
  const { random } = scene
  if (random.chance(0.7)) my.iss = random.chance(0.5) ? random.int32() >>> 0 : random.pick(FIRST_NUMBERS)
  if (random.chance(0.7)) their.iss = random.int32() >>> 0
  handshake(scene, my, their)
}

/** Any numbers and flags that are not far off. */
function anything(scene: Scene, my: Side, their: Side): void {
  const { random } = scene
  const seq = random.pick([0, 0xffff_ffff, my.iss, my.next, after(my.next, random.range(-3000, 3000))])
  my.lastAck = random.pick([0, my.lastAck, their.iss, after(their.next, random.range(-3000, 3000))])
  scene.send(
    my,
    their,
    seq,
    random.range(0, 63),
    random.pick([0, 0, ...LENGTHS]),
    selective(random, my, their),
  )
  if (random.chance(0.3)) my.next = seq
}

const STEPS: readonly Step[] = [
  ...new Array<Step>(8).fill(data),
  ...new Array<Step>(6).fill(acknowledge),
  again,
  again,
  again,
  gap,
  gap,
  fillGap,
  fillGap,
  repeat,
  repeat,
  changeWindow,
  changeWindow,
  stall,
  keepAlive,
  fillWindow,
  fillWindow,
  fin,
  reset,
  openAgain,
  anything,
]
