/** The fuzzer finds what it is for: each of these faults, put into a copy of the code, from the seeds alone. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Fault, load } from '../../fuzz/build.ts'
import type { TargetModule } from '../../fuzz/corpus.ts'
import { Loop } from '../../fuzz/loop.ts'
import { entryOf, type TargetName } from '../../fuzz/targets/names.ts'

interface Case {
  readonly what: string
  readonly target: TargetName
  readonly fault: Fault
  /** What the fuzzer says of it. */
  readonly says: RegExp
}

const fault = (file: string, find: string, replace: string): Fault => ({
  file: `src/${file}.js`,
  find,
  replace,
})

const CASES: readonly Case[] = [
  {
    what: 'an option of length 1 is read, and what follows it with it',
    target: 'options',
    fault: fault('wire/tcp-options', 'length < 2 || at + length > end', 'length < 1 || at + length > end'),
    says: /options|walk|visited/,
  },
  {
    what: 'an option may end one octet behind the header',
    target: 'options',
    fault: fault(
      'wire/tcp-options',
      'length < 2 || at + length > end',
      'length < 2 || at + length > end + 1',
    ),
    says: /options|walk|value/,
  },
  {
    what: 'a second MSS option is taken',
    target: 'options',
    fault: fault('wire/tcp-options', '(seen & once) !== 0', 'false'),
    says: /options/,
  },
  {
    what: 'the last octet of a datagram is missing and nobody looks',
    target: 'packet',
    fault: fault(
      'wire/ipv4',
      'totalLength > (wireLength < 0 ? length : wireLength)',
      'totalLength > length + 1',
    ),
    says: /IP|ICMP/,
  },
  {
    what: 'an IPv6 option is skipped without its length octet',
    target: 'packet',
    fault: fault('wire/ipv6', 'at += type === 0 ? 1 : 2 + bytes[at + 1]', 'at += 1'),
    says: /IP/,
  },
  {
    what: 'a quote of seven octets of TCP is read',
    target: 'packet',
    fault: fault('wire/icmp', 'quoted.payloadHeld < QUOTED_TRANSPORT', 'quoted.payloadHeld < 7'),
    says: /ICMP/,
  },
  {
    what: 'ranges that touch are not joined',
    target: 'storage',
    fault: fault('storage/assembler', 'this.start(next) <= end', 'this.start(next) < end'),
    says: /ranges|range/,
  },
  {
    what: 'a segment overwrites octets that arrived before',
    target: 'storage',
    fault: fault('storage/receive-buffer', 'covered = assembler.nextCovered(gap, end)', 'covered = end'),
    says: /octet/,
  },
  {
    what: 'text beyond the window is taken',
    target: 'connection',
    fault: fault('tcp/text-arrives', 'if (seqGT(end, edge)) {', 'if (end === edge + 7) {'),
    says: /window|outside/,
  },
  {
    what: 'an acknowledgment of what was never sent is taken',
    target: 'connection',
    fault: fault('tcp/ack-arrives', 'if (seqLE(seg.ack, nxt) && ', 'if ('),
    says: /SND\.UNA|SND\.NXT|timer|lost|number|octets/,
  },
  {
    what: 'a FIN counts though octets before it are missing',
    target: 'connection',
    fault: fault('tcp/text-arrives', '!rcv.finSeen || rcv.nxt !== rcv.fin', '!rcv.finSeen'),
    says: /RCV\.NXT|FIN|moves|acknowledged|received|number|gap|no transition/,
  },
  {
    what: 'delayed acknowledgments are forgotten',
    target: 'connection',
    fault: fault(
      'tcp/acknowledge',
      'tcb.timers.delayedAck = tcb.clock.now',
      'tcb.timers.delayedAck = Number.POSITIVE_INFINITY + tcb.clock.now',
    ),
    says: /acknowledged/,
  },
  {
    what: 'the SYN queue takes one connection more than it may',
    target: 'stack',
    fault: fault(
      'stack/arrivals',
      'listener.halfOpen < limits.synQueue',
      'listener.halfOpen <= limits.synQueue',
    ),
    says: /half-open/,
  },
  {
    what: 'a packet of a capture ends behind the file',
    target: 'capture',
    fault: fault('capture/read-pcap', 'end - at < this.needed', 'end - at + 1 < this.needed'),
    says: /pcap|packet/,
  },
  {
    what: 'an option of a pcapng block may end in the next block',
    target: 'capture',
    fault: fault('capture/pcapng-octets', 'at + 4 + length > end', 'at + 4 + length > end + 8'),
    says: /pcapng/,
  },
  {
    what: 'a captured TCP header is read beyond the frame',
    target: 'frames',
    fault: fault('dissect/dissect', 'held < LEAST_HELD', 'held < 8'),
    says: /around a frame/,
  },
  {
    what: 'the urgent pointer of a script is not printed',
    target: 'drill',
    fault: fault('drill/print', "field('urg', tcp.urgent),", ''),
    says: /printed/,
  },
  {
    what: 'an error is told one line below where it is',
    target: 'python',
    fault: fault('drill/python-lexer', 'place.line + line - 1', 'place.line + line'),
    says: /an error in line/,
  },
]

/** As many inputs as npm test has patience for; each fault is found in a tenth of them. */
const MOST_RUNS = 60_000

for (const { what, target, fault, says } of CASES) {
  test(`${target} finds that ${what}`, async (t) => {
    const loaded = await load<TargetModule>(entryOf(target), [fault])
    const loop = new Loop(loaded.module.target, loaded.counters, { seed: 1 })
    loop.add(loaded.module.target.seeds())
    loop.run(MOST_RUNS, () => loop.crashes.length > 0)
    const [crash] = loop.crashes
    assert.ok(crash !== undefined, `not found in ${loop.runs} inputs`)
    t.diagnostic(`${what}: after ${loop.runs} inputs`)
    assert.match(crash.message, says)
  })
}
