/** The kernel takes Elko's programs as socket filters and says of each packet what Elko's machine says. */

import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { BpfMachine } from '../../src/filter/bpf-machine.ts'
import { type BpfInstruction, encodeBpf } from '../../src/filter/bpf-program.ts'
import { compileBpf } from '../../src/filter/capture-filter.ts'
import type { FilterError } from '../../src/filter/filter-error.ts'
import { type Libc, loadLibc } from '../../src/kernel/libc.ts'
import { memory } from '../../src/kernel/memory.ts'
import { Random } from '../../src/sim/random.ts'
import { LINKTYPE_ETHERNET } from '../../src/wire/linktype.ts'
import { randomFilter } from '../filter/random-filters.ts'

const AF_UNIX = 1
const SOCK_DGRAM = 2
const SOL_SOCKET = 1
const SO_ATTACH_FILTER = 26
const MSG_DONTWAIT = 0x40
const SEED = Number(process.env.ELKO_PROPERTY_SEED ?? 9293)

function findLack(): string | false {
  if (process.platform !== 'linux') return `needs Linux, this is ${process.platform}`
  try {
    createRequire(import.meta.url).resolve('koffi')
    return false
  } catch {
    return 'the optional package koffi is not installed'
  }
}

/** A socket that sends to itself through a filter: what the filter refuses does not come. */
class Mirror {
  readonly #libc: Libc
  readonly #socket: number
  readonly #name: Uint8Array
  readonly #room = memory(2048)

  constructor(libc: Libc) {
    this.#libc = libc
    this.#socket = this.#called('socket', [AF_UNIX, SOCK_DGRAM, 0])
    // The zero in front makes it a name that is no file.
    const name = new TextEncoder().encode(`\x01\0\0elko-filter-${process.pid}`)
    this.#name = memory(name.length)
    this.#name.set(name)
    this.#called('bind', [this.#socket, this.#name, name.length])
  }

  attach(program: readonly BpfInstruction[]): void {
    const octets = encodeBpf(program)
    const held = memory(octets.length)
    held.set(octets)
    const header = memory(16)
    const view = new DataView(header.buffer, header.byteOffset, 16)
    view.setUint16(0, program.length, true)
    view.setBigUint64(8, this.#libc.addressOf(held), true)
    this.#called('setsockopt', [this.#socket, SOL_SOCKET, SO_ATTACH_FILTER, header, 16])
  }

  /** Whether the filter lets a packet through. */
  passes(packet: Uint8Array): boolean {
    const name = this.#name
    const args = [this.#socket, packet, packet.length, MSG_DONTWAIT, name, name.length]
    // Of what a filter refuses older kernels tell the sender, and newer ones nobody.
    const sent = this.#libc.call('sendto', args)
    if (sent.result < 0) assert.equal(sent.errno, 'EPERM')
    const { result, errno } = this.#libc.call('recv', [
      this.#socket,
      this.#room,
      this.#room.length,
      MSG_DONTWAIT,
    ])
    if (result < 0) assert.equal(errno, 'EAGAIN')
    return result >= 0
  }

  close(): void {
    this.#called('close', [this.#socket])
  }

  #called(name: 'socket' | 'bind' | 'setsockopt' | 'close', args: Parameters<Libc['call']>[1]): number {
    const { result, errno } = this.#libc.call(name, args)
    assert.ok(result >= 0, `${name}: ${errno}`)
    return result
  }
}

/** Packets of which the filters know something: IPv4 and IPv6 with TCP, UDP or ICMP, some of them cut. */
function randomPacket(random: Random): Uint8Array {
  const octets = memory(random.pick([20, 34, 40, 54, 60, 80, 120]))
  random.fill(octets)
  octets.set(random.pick(HEADERS).slice(0, octets.length))
  if (octets.length >= 38 && random.chance(0.7)) octets.set([0, random.pick([80, 443, 53]), 0, 22], 34)
  return octets
}

const ETHERNET = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]
const HEADERS = [6, 17, 1, 2].flatMap((protocol) => [
  [...ETHERNET, 8, 0, 0x45, 0, 0, 60, 0, 1, 0x40, 0, 64, protocol, 0, 0, 10, 0, 0, 1, 192, 168, 1, 1],
  [...ETHERNET, 8, 0, 0x46, 0, 0, 60, 0, 1, 0x20, 0, 64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2],
  [...ETHERNET, 0x86, 0xdd, 0x60, 0, 0, 0, 0, 40, protocol === 1 ? 58 : protocol, 64, 0xfe, 0x80],
  [...ETHERNET, 0x81, 0, 0, 100, 8, 0, 0x45, 0, 0, 60, 0, 1, 0, 0, 64, protocol, 0, 0, 10, 0, 0, 1],
])

test('the kernel takes the programs, and they let the same packets through as here', {
  skip: findLack(),
}, async (t) => {
  const mirror = new Mirror(await loadLibc())
  const random = new Random(SEED)
  let passed = 0
  let refused = 0
  try {
    for (let k = 0; k < 400; k++) {
      const filter = randomFilter(random)
      let program: BpfInstruction[]
      try {
        program = compileBpf(filter, LINKTYPE_ETHERNET)
      } catch (error) {
        assert.equal((error as FilterError).name, 'FilterError')
        continue
      }
      mirror.attach(program)
      const machine = new BpfMachine(program)
      for (let n = 0; n < 5; n++) {
        const packet = randomPacket(random)
        const ours = machine.run(packet, 0, packet.length, packet.length) !== 0
        assert.equal(ours, mirror.passes(packet), `${filter}: ${Buffer.from(packet).toString('hex')}`)
        if (ours) passed++
        else refused++
      }
    }
  } finally {
    mirror.close()
  }
  assert.ok(passed > 200 && refused > 200, `${passed} passed, ${refused} refused`)
  t.diagnostic(`${passed} packets passed, ${refused} were refused`)
})
