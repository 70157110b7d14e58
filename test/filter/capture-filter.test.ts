/** Errors of capture filters, and the programs that they become. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BpfMachine } from '../../src/filter/bpf-machine.ts'
import * as bpf from '../../src/filter/bpf-program.ts'
import { compileBpf } from '../../src/filter/capture-filter.ts'
import { FilterError } from '../../src/filter/filter-error.ts'
import { LINKTYPE_ETHERNET, LINKTYPE_LINUX_SLL, LINKTYPE_RAW } from '../../src/wire/linktype.ts'

function errorOf(expression: string, linkType: number = LINKTYPE_ETHERNET): FilterError {
  try {
    compileBpf(expression, linkType)
  } catch (error) {
    assert.ok(error instanceof FilterError)
    return error
  }
  assert.fail(`"${expression}" is no error`)
}

test('an error has the column of what is wrong and says what was expected there', () => {
  const wrong: [expression: string, column: number, reason: RegExp][] = [
    ['tcp port', 9, /expected a port, not the end/],
    ['tcp port foo', 10, /unknown port "foo"/],
    ['port 70000', 6, /expected a port from 0 to 65535, not 70000/],
    ['host 1.2.3.400', 6, /400 is more than 255/],
    ['host example.org', 6, /names are not looked up/],
    ['net 10.0.0.1/8', 5, /bits beyond its mask/],
    ['net 10.0.0.0/33', 14, /at most 32 bits/],
    ['host 10.0.0.0/8', 6, /expected "net" before/],
    ['10.0.0.1', 1, /expected a condition, not "10.0.0.1"/],
    ['port 80 or', 11, /expected a condition, not the end/],
    ['tcp and and udp', 9, /expected a condition, not "and"/],
    ['(tcp or udp', 12, /expected "\)", not the end/],
    ['tcp)', 4, /expected "and", "or" or the end, not "\)"/],
    ['tcp[13', 7, /expected "\]", not the end/],
    ['tcp[0:3] = 1', 7, /expected 1, 2 or 4 octets, not 3/],
    ['tcp[13]', 8, /expected a comparison, not the end/],
    ['len / 0 = 1', 5, /division by zero/],
    ['len << 32 = 1', 5, /more than 31 bits/],
    ['tcp[13] = 089', 11, /no octal number/],
    ['tcp[13] = 4294967296', 11, /more than 32 bits/],
    ['tcp # 5', 5, /unexpected "#"/],
    ['tcp host 10.0.0.1', 10, /"tcp" has no hosts/],
    ['icmp port 80', 11, /"icmp" has no ports/],
    ['udp port http', 10, /"http" is no port of udp/],
    ['ether host 10.0.0.1', 12, /no address of the link layer/],
    ['host 00:11:22:33:44:55', 6, /expected "ether host"/],
    ['vlan 5000', 1, /at most 4095/],
    ['ip proto 256', 10, /at most 255/],
    ['port 80 or gateway x', 12, /"gateway" is not supported/],
    ['tcp and inbound', 9, /do not say their direction/],
    ['(port 80) or 443', 14, /expected "host", "port" or the like/],
  ]
  for (const [expression, column, reason] of wrong) {
    const error = errorOf(expression)
    assert.match(error.reason, reason, expression)
    assert.equal(error.column, column, `${expression}: ${error.reason}`)
  }
})

test('the message shows the filter with a caret below the place', () => {
  assert.equal(
    errorOf('tcp port\tfoo').message,
    'unknown port "foo" (column 10)\n  tcp port foo\n           ^',
  )
})

test('what a link layer does not have is an error where it is asked for', () => {
  assert.match(errorOf('tcp or vlan', LINKTYPE_RAW).reason, /only packets of Ethernet/)
  assert.equal(errorOf('tcp or vlan', LINKTYPE_RAW).column, 8)
  assert.match(errorOf('ether broadcast', LINKTYPE_LINUX_SLL).reason, /not of packets of this link type/)
  assert.match(errorOf('len > 5 and tcp', 9999).reason, /link type 9999/)
  assert.equal(compileBpf('len > 5 and ether[0] = 1', 9999).at(-1)!.code, bpf.RETURN)
})

test('parentheses without end are an error, and no end of the stack', () => {
  assert.match(errorOf('('.repeat(100_000)).reason, /more than 200 levels/)
  assert.match(errorOf('not '.repeat(100_000)).reason, /more than 200 levels/)
  assert.match(errorOf(`len = ${'1 ^ '.repeat(100_000)}1`).reason, /more than 200 levels/)
  assert.match(errorOf(`ip${' or ip'.repeat(100_000)}`).reason, /more than 4096 conditions/)
  assert.match(errorOf(`port 1${' or 2'.repeat(4000)}`).reason, /at most 4096 run/)
})

test('a filter without words takes every packet', () => {
  assert.deepEqual(compileBpf(' \t', LINKTYPE_ETHERNET, 96), [{ code: bpf.RETURN, jt: 0, jf: 0, k: 96 }])
})

test('what is in the accumulator already is not loaded again', () => {
  const program = compileBpf('ip or ip6 or arp and not tcp[13] = 2', LINKTYPE_ETHERNET)
  assert.equal(program.filter(({ code, k }) => code === bpf.LD_HALF && k === 12).length, 1)
})

test('a target that is too far for a branch is reached by jumps', () => {
  const hosts = Array.from({ length: 300 }, (_, k) => `10.0.${k >> 8}.${k & 255}`)
  const program = compileBpf(`ip src host ${hosts.join(' or ')}`, LINKTYPE_RAW)
  assert.ok(program.some(({ code }) => code === bpf.JUMP))
  assert.ok(program.every(({ jt, jf }) => jt <= 255 && jf <= 255))
  const machine = new BpfMachine(program)
  const packet = Uint8Array.from([0x45, 0, 0, 20, 0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 0, 1, 2, 3, 4])
  for (let k = 0; k < 400; k++) {
    packet[14] = k >> 8
    packet[15] = k & 255
    assert.equal(machine.run(packet, 0, 20, 20) !== 0, k < 300, `10.0.${k >> 8}.${k & 255}`)
  }
  packet[0] = 0x60
  assert.equal(machine.run(packet, 0, 20, 20), 0)
})

test('what is beyond the captured octets refuses the packet, and the octets around it do not count', () => {
  const machine = new BpfMachine(compileBpf('ether[5] = 7', 9999))
  const octets = new Uint8Array(20).fill(7)
  assert.notEqual(machine.run(octets, 3, 6, 6), 0)
  assert.equal(machine.run(octets, 3, 5, 6), 0)
  assert.equal(new BpfMachine(compileBpf('not ether[5] = 7', 9999)).run(octets, 3, 5, 6), 0)
})

test('arithmetic is that of 32 bits without sign', () => {
  const holds = (expression: string): boolean =>
    new BpfMachine(compileBpf(expression, 9999)).run(Uint8Array.of(0xff, 0xff, 0xff, 0xfe), 0, 4, 4) !== 0
  for (const expression of [
    'ether[0:4] = 0xfffffffe',
    'ether[0:4] + 3 = 1',
    'ether[0:4] / 2 = 0x7fffffff',
    'ether[0:4] % 10 = 4',
    'ether[0:4] >> 31 = 1',
    'ether[0:4] * ether[0:4] = 4',
    '-ether[0:4] = 2',
    'ether[0:4] > 0x7fffffff',
    'ether[0:4] >= len',
    'len - 5 > ether[0:4]',
    'len ^ 6 | 1 = 3',
    '(len ^ 6) | 1 = 3',
    'len << ether[0] = 0',
  ]) {
    assert.ok(holds(expression), expression)
  }
  assert.ok(!holds('ether[0] / (len - 4) = 0') && !holds('not ether[0] % (len - 4) = 0'))
})
