/** packetdrill scripts: any text is a script or an error with a place in it, and a script that is printed is the same. */

import { parseScript } from '../../src/drill/parse-script.ts'
import { printScript } from '../../src/drill/print.ts'
import type { Script } from '../../src/drill/script.ts'
import { ScriptError } from '../../src/drill/source-errors.ts'
import { textTarget } from '../make-target.ts'
import { expect, expectSame, type Probe } from '../target.ts'

const MOST = 3000
/** Branches for each letter, and once: a hundred times what honest scripts need. */
const WORK_PER_LETTER = 400
const WORK = 20_000

const DICTIONARY =
  `< > S S. . F. R R. P. FP. SEW SEWA ack win urg mss wscale sackOK sack nop eol TS val ecr FO FOEXP md5
  0:0(0) 1:1001(1000) 0:0(0)! ... * +0 +.1 0 1.5 +0~+.2 1~2 icmp unreachable frag_needed mtu udp [ecn] [ect0] [ce]
  (flowlabel 0x1) [tos 0x10] [ttl 64] socket bind listen accept connect read write send sendmsg recvmsg close shutdown
  setsockopt getsockopt fcntl ioctl poll epoll_ctl epoll_wait = -1 EINPROGRESS EAGAIN SOCK_STREAM IPPROTO_TCP {}
  {sa_family=AF_INET,sin_port=htons(80)} msg_iov(1)= [{...,10}] MSG_MORE|MSG_DONTWAIT %{ }% assert tcpi_snd_cwnd
  \`true\` "text" --ip_version=ipv6 --define=A=1 #ifdef #endif // /* */ .0001 sin_addr=inet_addr("192.0.2.1") ipv4 gre`
    .split(/\s+/)
    .concat('(Operation in progress)', '`../common/defaults.sh`')

export const target = textTarget({
  name: 'drill',
  about:
    'packetdrill scripts: a script or an error with its place, in linear time; printed and read again the same',
  mostLetters: MOST,
  dictionary: DICTIONARY,
  seeds: () => [OPENING, OPTIONS, CALLS],
  run,
})

const OPENING = `--ip_version=ipv4
\`../common/defaults.sh\`
// A server that answers.
   0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
  +0 setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0
  +0 bind(3, ..., ...) = 0
  +0 listen(3, 1) = 0
  +0 < S 0:0(0) win 32792 <mss 1000,sackOK,nop,nop,nop,wscale 7>
  +0 > S. 0:0(0) ack 1 <...>
 +.1 < . 1:1(0) ack 1 win 257
  +0 accept(3, ..., ...) = 4
  +0 %{ assert tcpi_snd_cwnd == 10, tcpi_snd_cwnd }%
  +0~+.2 > P. 1:1001(1000) ack 1
  * > . 1:1(0) ack 1001 win 5
`
const OPTIONS = `0 < [ect0] SEWA 5:9(4) win 3 urg 1 <TS val 100 ecr 0,sack 1:3 5:7,FO a1b2c3d4,nop,nop>
+0~+1.5 > (flowlabel 0x5) FP.5 1:2(1)! ack 4 <mss 536,md5 valid,nop,eol>
+1 < icmp unreachable frag_needed mtu 1400 [1:1001(1000)]
+1 < udp (1000)
#ifdef Linux
2 > R. 1:1(0) ack 1 [code 1, pen 2]
#endif
`
const CALLS = `0 connect(3, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("192.0.2.1")}, 16) = -1 EINPROGRESS (Operation now in progress)
+0 poll([{fd=3, events=POLLIN|POLLOUT, revents=0}], 1, 0) = 1
+0 sendmsg(3, {msg_name(...)=..., msg_iov(2)=[{..., 10}, {"abc"..., 5}], msg_flags=0}, MSG_MORE) = 15
+.5...1 read(3, ..., 0x100) = -1 EAGAIN (Resource temporarily unavailable)
+0 \`ls\`
`

function run(input: string, probe: Probe): void {
  const before = probe.work()
  const script = parse(input, 'fuzz.pkt')
  const work = probe.work() - before
  expect(work <= WORK + WORK_PER_LETTER * input.length, () => `${work} branches for ${input.length} letters`)
  if (script === null) return
  const text = printScript(script)
  const again = parse(text, 'fuzz.pkt')
  expect(again !== null, () => `what was printed is no script:\n${text}`)
  expectSame(withoutPlaces(again), withoutPlaces(script), 'a script printed and read again')
  expectSame(printScript(again), text, 'a script printed twice')
}

/** null where it is none. */
function parse(text: string, file: string): Script | null {
  try {
    return parseScript(text, file).script
  } catch (error) {
    if (!(error instanceof ScriptError)) throw error
    const { line, column } = error.place
    const lines = text.split('\n')
    expect(line >= 1 && line <= lines.length, () => `an error in line ${line} of ${lines.length}`)
    const width = lines[line - 1]!.length
    expect(column >= 1 && column <= width + 1, () => `an error in column ${column} of ${width}`)
    expect(error.reason !== '', 'an error without words')
    return null
  }
}

/** The script without where things stood and how they were written. */
function withoutPlaces(script: Script): string {
  return JSON.stringify(script, (key, value) => {
    if (key === 'place' || key === 'source') return undefined
    return value instanceof Uint8Array ? [...value] : value
  })
}
