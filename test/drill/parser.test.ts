import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { RUNNER_DEFINITIONS } from '../../src/drill/definitions.ts'
import { optionLength } from '../../src/drill/parse-options.ts'
import { type ParseOptions, parseScript } from '../../src/drill/parse-script.ts'
import type {
  CallAction,
  Expression,
  OptionSpec,
  PacketAction,
  ScriptEvent,
  TcpSpec,
} from '../../src/drill/script.ts'
import { ACK, AE, CWR, ECE, PSH, SYN } from '../../src/wire/segment.ts'
import { WHOLE } from './samples.ts'

function parse(text: string, options?: ParseOptions) {
  return parseScript(text, 'a.pkt', options).script
}

function event(line: string, options?: ParseOptions): ScriptEvent {
  const { events } = parse(line, options)
  assert.equal(events.length, 1)
  return events[0]!
}

function packet(line: string): PacketAction {
  const { action } = event(line)
  assert.equal(action.kind, 'packet')
  return action as PacketAction
}

function tcp(line: string): TcpSpec {
  const { body } = packet(line)
  assert.equal(body.kind, 'tcp')
  return body as TcpSpec
}

function call(line: string): CallAction {
  const { action } = event(line)
  assert.equal(action.kind, 'call')
  return action as CallAction
}

/** An expression without its places. */
function bare(value: Expression | null | undefined): unknown {
  return JSON.parse(JSON.stringify(value, (key, inner) => (key === 'place' ? undefined : inner)))
}

describe('a whole script', () => {
  const script = parse(WHOLE)

  it('has the options at its top', () => {
    assert.deepEqual(
      script.options.map(({ name, value }) => [name, value]),
      [
        ['ip_version', 'ipv4'],
        ['tolerance_usecs', '75000'],
        ['local_ip', '2001:db8::1'],
        ['remote_ip', '192.0.2.1'],
        ['define', 'WORD=IPPROTO_TCP'],
        ['define', 'CC="reno"'],
        ['send_omit_free', null],
        ['note', 'two words'],
      ],
    )
    assert.deepEqual(script.options[1]!.place, { file: 'a.pkt', line: 3, column: 1 })
  })

  it('has a first and a last command', () => {
    assert.equal(script.init?.text, './defaults.sh\n sysctl -q net.ipv4.tcp_sack=1')
    assert.equal(script.cleanup?.text, 'cleanup')
  })

  it('has its definitions in place', () => {
    const last = script.events.at(-1)!
    assert.equal(last.source, '+0 setsockopt(3, WORD, TCP_CONGESTION, CC, 4) = 0')
    const { args } = last.action as CallAction
    assert.deepEqual(bare(args[1]), { kind: 'symbol', name: 'IPPROTO_TCP' })
    assert.deepEqual(bare(args[3]), { kind: 'string', value: 'reno', filled: false })
  })

  it('tells where each event stands and what it says', () => {
    const second = script.events[1]!
    assert.deepEqual(second.place, { file: 'a.pkt', line: 14, column: 1 })
    assert.equal(second.source, '+0 > S. 0:0(0) ack 1 <...>')
    assert.equal(event('+0 close( // why\n  3 /* this\n one */ )\n\t= 0').source, '+0 close( 3 ) = 0')
  })
})

describe('times', () => {
  const time = (text: string) => event(`${text} > . 1:1(0) ack 1`).time
  it('are seconds in the script and microseconds here', () => {
    assert.deepEqual(time('0'), { kind: 'absolute', at: 0 })
    assert.deepEqual(time('1.000001'), { kind: 'absolute', at: 1_000_001 })
    assert.deepEqual(time('+.3'), { kind: 'relative', at: 300_000 })
    assert.deepEqual(time('+ 2'), { kind: 'relative', at: 2_000_000 })
    assert.deepEqual(time('*'), { kind: 'any' })
    assert.deepEqual(time('.1~.2'), { kind: 'absolute-range', from: 100_000, to: 200_000 })
    assert.deepEqual(time('+0~+1.5'), { kind: 'relative-range', from: 0, to: 1_500_000 })
  })
  it('have an end where a call blocks', () => {
    assert.equal(call('0.1...0.3 read(4, ..., 1) = 1').blocksUntil, 300_000)
    assert.equal(call('+0...0.3 read(4, ..., 1) = 1').blocksUntil, 300_000)
    assert.equal(call('+.1...+.3 read(4, ..., 1) = 1').blocksUntil, 300_000)
    assert.equal(call('+0 read(4, ..., 1) = 1').blocksUntil, null)
  })
})

describe('TCP segments', () => {
  it('have flags', () => {
    const flags = (text: string) => tcp(`+0 > ${text} 1:1(0) ack 1`).flags
    assert.deepEqual(flags('S.'), { bits: SYN | ACK, ace: false })
    assert.deepEqual(flags('SEWA'), { bits: SYN | ECE | CWR | AE, ace: false })
    assert.deepEqual(flags('P.6'), { bits: PSH | ACK | CWR | AE, ace: true })
    assert.deepEqual(flags('.0'), { bits: ACK, ace: true })
    assert.deepEqual(flags('-'), { bits: 0, ace: false })
    assert.deepEqual(flags('P . E'), { bits: PSH | ACK | ECE, ace: false })
  })

  it('have numbers, each of which may be absent but the first', () => {
    const full = tcp('+0 < 4000 > 80 P. 1:11(10) ack 2 win 3 urg 4')
    assert.deepEqual(full.ports, { source: 4000, destination: 80 })
    assert.deepEqual(full.sequence, { start: 1, end: 11, length: 10 })
    assert.deepEqual([full.ack, full.window, full.urgent, full.options], [2, 3, 4, []])
    const least = tcp('+0 > R 1:1(0)')
    assert.deepEqual(
      [least.ports, least.ack, least.window, least.urgent, least.udp],
      [null, null, null, null, null],
    )
  })

  it('can stand on numbers of the wire, or on none', () => {
    assert.equal(tcp('+0 > R 7:7(0)!').sequenceIs, 'absolute')
    assert.equal(tcp('+0 > R 7:7(0)').sequenceIs, 'relative')
    const any = tcp('+0 > R ...(5)')
    assert.deepEqual([any.sequenceIs, any.sequence], ['any', { start: 0, end: 5, length: 5 }])
  })

  it('can lie in UDP, and say why they reset', () => {
    assert.deepEqual(tcp('+0 > R 1:1(0)/udp(9 > 8)').udp, { source: 9, destination: 8 })
    assert.deepEqual(tcp('+0 > R 1:9(8) <nop,nop,nop,eol> [code 5, pen 6]').resetCause, { code: 5, pen: 6 })
  })

  it('lie in IP headers', () => {
    assert.deepEqual(packet('+0 > (ttl 5, dscp ef, ecn ce) R 1:1(0)').ip, {
      ecn: 'ce',
      tos: null,
      dscp: 46,
      ttl: 5,
      flowLabel: null,
    })
    assert.equal(packet('+0 > [dscp af23] R 1:1(0)').ip.dscp, 22)
    assert.equal(packet('+0 > [dscp voice-admit] R 1:1(0)').ip.dscp, 44)
    const { ip } = packet('+0 < [tos 0xb8,flowlabel 0x12345] R 1:1(0) win 0')
    assert.deepEqual([ip.tos, ip.flowLabel], [0xb8, 0x12345])
    const outer = packet('+0 < ipv4 192.0.2.1 > 192.0.2.2: gre: R 1:1(0) win 0').encapsulation
    assert.deepEqual(
      outer.map(({ protocol, text }) => [protocol, text]),
      [
        ['ipv4', '192.0.2.1 > 192.0.2.2'],
        ['gre', ''],
      ],
    )
  })
})

describe('TCP options', () => {
  const option = (text: string): OptionSpec => {
    const { options } = tcp(`+0 > . 1:1(0) ack 1 <${text}${''}>`)
    return options![0]!
  }
  const hex = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'))

  it('are read in order, `<...>` as unchecked and nothing as none', () => {
    const { options } = tcp('+0 < S 0:0(0) win 1 <mss 1460,nop,wscale 7,sackOK,eol,eol>')
    assert.deepEqual(
      options?.map(({ kind }) => kind),
      ['mss', 'nop', 'wscale', 'sackOK', 'eol', 'eol'],
    )
    assert.equal(tcp('+0 > S 0:0(0) <...>').options, null)
    assert.deepEqual(tcp('+0 > S 0:0(0)').options, [])
  })

  it('have values', () => {
    assert.deepEqual(option('TS val 1 ecr 4294967295,nop,nop'), {
      kind: 'TS',
      val: 1,
      anyVal: false,
      ecr: 4294967295,
      absoluteEcr: false,
    })
    assert.deepEqual(option('TS val ... ecr 2!,nop,nop'), {
      kind: 'TS',
      val: 0,
      anyVal: true,
      ecr: 2,
      absoluteEcr: true,
    })
    assert.deepEqual(option('sack 1:2 4:5,nop,nop'), {
      kind: 'sack',
      blocks: [
        { left: 1, right: 2 },
        { left: 4, right: 5 },
      ],
    })
    assert.deepEqual(option('FO 00ff,eol,eol,eol,eol'), {
      kind: 'FO',
      cookie: hex('00ff'),
      experimental: false,
    })
    assert.deepEqual(option('FOEXP'), { kind: 'FO', cookie: hex(''), experimental: true })
    assert.deepEqual(option('md5 valid,nop,nop'), { kind: 'md5', digest: null })
    assert.deepEqual(option('md5 0102'), { kind: 'md5', digest: hex('0102') })
    assert.deepEqual(option('01010100'), { kind: 'raw', octets: hex('01010100') })
  })

  it('of other kinds are octets', () => {
    const other = (name: string, number: number, data: string) => ({
      kind: 'other',
      name,
      number,
      data: hex(data),
    })
    assert.deepEqual(option('gen-77 aabb'), other('gen-77', 77, 'aabb'))
    assert.deepEqual(option('exp-F989 aabbccdd'), other('exp-F989', 254, 'f989aabbccdd'))
    assert.deepEqual(option('ECN e0b 1 ceb 258,nop,nop,nop,nop'), other('AccECN0', 172, '000001000102'))
    assert.deepEqual(option('AccECN1 ee1b 3,nop,nop,nop'), other('AccECN1', 174, '000003'))
    assert.deepEqual(option('exp-AccECN0,nop,nop,nop,nop'), other('exp-AccECN0', 254, 'acc0'))
    assert.deepEqual(option('exp-tarr 9,nop,nop,nop'), other('exp-tarr', 254, '00ac12'))
  })

  it('take as many octets as the header has for them', () => {
    const lengths = (text: string) => tcp(`+0 > . 1:1(0) <${text}>`).options!.map(optionLength)
    assert.deepEqual(lengths('mss 1,wscale 1,eol,sackOK,TS val 1 ecr 1'), [4, 3, 1, 2, 10])
    assert.deepEqual(lengths('sack 1:2,md5 valid,FOEXP 00,nop,nop,nop'), [10, 18, 5, 1, 1, 1])
  })
})

describe('UDP and ICMP', () => {
  it('are read', () => {
    assert.deepEqual(packet('+0 < udp 5 > 6 (7)').body, {
      kind: 'udp',
      ports: { source: 5, destination: 6 },
      length: 7,
    })
    assert.deepEqual(packet('+0 < icmp unreachable frag_needed mtu 1200 [1:11(10)]').body, {
      kind: 'icmp',
      type: 'unreachable',
      code: 'frag_needed',
      mtu: 1200,
      id: null,
      quoted: { kind: 'tcp', sequence: { start: 1, end: 11, length: 10 }, udp: null },
    })
    const { body } = packet('+0 > icmp echo_reply id 4 [udp (9)]')
    assert.ok(body.kind === 'icmp')
    assert.deepEqual(
      [body.type, body.code, body.id, body.quoted],
      ['echo_reply', null, 4, { kind: 'udp', length: 9 }],
    )
    assert.deepEqual(
      packet('+0 < [1:2(1)] icmp type_3 code_1').body,
      packet('+0 < icmp type_3 code_1 [1:2(1)]').body,
    )
  })
})

describe('system calls', () => {
  const argument = (text: string) => bare(call(`+0 f(${text}) = 0`).args[0])

  it('have a result, an error and a note', () => {
    const { result, errno, note } = call(
      '+0 connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)',
    )
    assert.deepEqual(bare(result), { kind: 'integer', value: -1 })
    assert.deepEqual([errno, note], ['EINPROGRESS', 'Operation now in progress'])
    assert.equal(call('+0 f() = ...').result, null)
    assert.equal(call('+0 f() = 0x02 (flags O_RDWR)').note, 'flags O_RDWR')
    assert.deepEqual(bare(call('+0 f() = O_RDWR (a note)').result), { kind: 'symbol', name: 'O_RDWR' })
    assert.equal(call(`+0 f() = -1 EPERM (Can't do "it)`).note, `Can't do "it`)
  })

  it('have arguments of every form', () => {
    assert.deepEqual(argument('...'), { kind: 'ellipsis' })
    assert.deepEqual(argument('0x1F'), { kind: 'integer', value: 31 })
    assert.deepEqual(argument('0666'), { kind: 'integer', value: 666 })
    assert.deepEqual(argument('"a\\tb" "\\x41"'), { kind: 'string', value: 'a\tbA', filled: false })
    assert.deepEqual(argument('"ab"...'), { kind: 'string', value: 'ab', filled: true })
    assert.deepEqual(argument('A|2|B'), {
      kind: 'or',
      operands: [
        { kind: 'symbol', name: 'A' },
        { kind: 'integer', value: 2 },
        { kind: 'symbol', name: 'B' },
      ],
    })
    assert.deepEqual(argument('[]'), { kind: 'list', items: [] })
    assert.deepEqual(argument('[1, [A]]'), {
      kind: 'list',
      items: [
        { kind: 'integer', value: 1 },
        { kind: 'list', items: [{ kind: 'symbol', name: 'A' }] },
      ],
    })
    assert.deepEqual(argument('htons(80)'), {
      kind: 'call',
      name: 'htons',
      args: [{ kind: 'integer', value: 80 }],
    })
  })

  it('have structures as arguments', () => {
    assert.deepEqual(argument('{msg_iov(1)=[{..., 5}], fd=4}'), {
      kind: 'struct',
      fields: [
        {
          name: 'msg_iov',
          argument: { kind: 'integer', value: 1 },
          value: {
            kind: 'list',
            items: [
              {
                kind: 'struct',
                fields: [
                  { name: null, argument: null, value: { kind: 'ellipsis' } },
                  { name: null, argument: null, value: { kind: 'integer', value: 5 } },
                ],
              },
            ],
          },
        },
        { name: 'fd', argument: null, value: { kind: 'integer', value: 4 } },
      ],
    })
  })
})

describe('definitions', () => {
  const first = (options: ParseOptions, text = '+0 f(X) = 0') =>
    bare((event(text, options).action as CallAction).args[0])
  it('stand for numbers, words and strings', () => {
    assert.deepEqual(first({ defines: { X: '12' } }), { kind: 'integer', value: 12 })
    assert.deepEqual(first({ defines: { X: '-1' } }), { kind: 'integer', value: -1 })
    assert.deepEqual(first({ defines: { X: '0x1f' } }), { kind: 'integer', value: 31 })
    assert.deepEqual(first({ defines: { X: '017' } }), { kind: 'integer', value: 15 })
    assert.deepEqual(first({ defines: { X: 'SOL_IP' } }), { kind: 'symbol', name: 'SOL_IP' })
    assert.deepEqual(first({ defines: { X: '"a b"' } }), { kind: 'string', value: 'a b', filled: false })
    const { action } = event('+0 X', { defines: { X: '`ls -l`' } })
    assert.ok(action.kind === 'command' && action.text === 'ls -l')
  })
  it('from outside go before those of the script', () => {
    assert.deepEqual(first({}, '--define=X=5\n+0 f(X) = 0'), { kind: 'integer', value: 5 })
    assert.deepEqual(first({}, '--define=X\n+0 f(X) = 0'), { kind: 'symbol', name: 'X' })
    assert.deepEqual(first({ defines: { X: '6' } }, '--define=X=5\n+0 f(X) = 0'), {
      kind: 'integer',
      value: 6,
    })
  })
  it('of the public runners fit their scripts', () => {
    const line = '+0 < S 0:0(0) win 9 <mss MSS,nop,nop,FO TFO_COOKIE>\n+0 < icmp unreachable CODE'
    for (const version of ['ipv4', 'ipv6'] as const) {
      assert.equal(parse(line, { defines: RUNNER_DEFINITIONS[version] }).events.length, 2)
    }
  })
})

describe('conditions', () => {
  const names = (text: string, options: ParseOptions = {}) =>
    parse(text, options).events.map(({ action }) => (action.kind === 'call' ? action.name : action.kind))
  const TEXT =
    '0 a() = 0\n#ifdef X\n+0 b() = 0\n#else\n+0 c() = 0\n#endif\n#ifndef X\n+0 d() = 0\n#endif\n+0 e() = 0'
  it('choose by what is defined', () => {
    assert.deepEqual(names(TEXT), ['a', 'c', 'd', 'e'])
    assert.deepEqual(names(TEXT, { defines: { X: '1' } }), ['a', 'b', 'e'])
  })
  it('know platforms by name', () => {
    const text = '0 a() = 0\n#ifdef FreeBSD\n+0 b() = 0\n#endif'
    assert.deepEqual(names(text, { platform: 'freebsd' }), ['a', 'b'])
    assert.deepEqual(names(text, { platform: 'linux' }), ['a'])
  })
  it('nest, and hide what is no script', () => {
    const text = '0 a() = 0\n#ifdef X\n"unterminated\n#ifdef Y\n#else\n#endif\n#else\n+0 b() = 0\n#endif'
    assert.deepEqual(names(text), ['a', 'b'])
  })
})
