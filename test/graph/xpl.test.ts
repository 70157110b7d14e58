/**
 * Files for xplot: in its language, and the same as tcptrace's own for captures, primitive by primitive. What differs on
 * purpose is named here.
 */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { readCaptureFile } from '../../src/cli/capture-input.ts'
import { Dissector } from '../../src/dissect/dissect.ts'
import { FlowRecorder } from '../../src/flows/flow-recorder.ts'
import { SequenceAnalysis } from '../../src/flows/sequence-analysis.ts'
import { GRAPH_TYPES, type GraphType } from '../../src/graph/graph-svg.ts'
import { type GraphSeries, graphSeries } from '../../src/graph/series.ts'
import { graphXpl } from '../../src/graph/xpl.ts'
import { runScenario } from '../../src/sim/scenario.ts'
import { SCENARIOS } from '../../src/sim/scenarios.ts'
import { connectionsIn } from '../../src/trace/connections.ts'
import { FOLDER } from '../flows/wireshark-columns.ts'
import { type Plot, type Primitive, parsePlot } from './xpl-grammar.ts'

const FILES = join(FOLDER, 'files')
const hasTcptrace = spawnSync('tcptrace', ['--version']).error === undefined
const skip = !existsSync(FILES)
  ? `no captures in ${FILES}`
  : process.env.CI === 'true' || hasTcptrace
    ? false
    : 'tcptrace is not installed'

test("every scenario, in every type and both directions, is in xplot's language", () => {
  for (const scenario of SCENARIOS) {
    const { events, addresses } = runScenario(scenario)
    for (const pair of connectionsIn(events)) {
      const series = graphSeries(events, pair)
      for (const type of GRAPH_TYPES) {
        for (const side of [0, 1] as const) {
          const plot = parsePlot(graphXpl(series, { type, side, addresses, epochUs: 1.6e15 }))
          assert.deepEqual(plot.coordinates, ['timeval', 'double'])
          assert.match(plot.title, /^\S+:\d+_==>_\S+:\d+ \(.+\)$/)
          for (const { at } of plot.primitives) assert.match(at[0]!, /^1600\d{6}\.\d{6}$/)
        }
      }
    }
  }
})

/** Data both ways, losses, SACK, scaled and closed windows, resets, late and repeated segments, keep-alives. */
const CAPTURES = [
  'tcptrace-06eed200-psc.fddi.dmp.gz',
  'zeek-84c4ff63-206_example_c.pcap',
  'nDPI-14b42514-anyconnect-vpn.pcap',
  'nDPI-166c7e42-iphone.pcap',
  'nDPI-022e05ba-hislip.pcap',
  'arkime-f3def155-smb-smb1-ascii.pcap',
  'nDPI-041368c1-long_tls_certificate.pcap',
  'pcaps-5b0b39ab-email-troubles.pcap',
]

interface Captured {
  readonly series: GraphSeries
  readonly addresses: Readonly<Record<string, string>>
  readonly epochUs: number
}

async function connectionsOf(file: string): Promise<Captured[]> {
  const recorders = new Map<number, FlowRecorder>()
  const analysis = new SequenceAnalysis()
  const dissector = new Dissector((packet, tcp) => {
    const said = analysis.analyze(packet, tcp)
    if (packet.isQuoted) return
    const recorder = recorders.get(said.stream) ?? new FlowRecorder(1_000_000)
    recorders.set(said.stream, recorder)
    recorder.packet(packet, tcp, said)
  }, null)
  await readCaptureFile(join(FILES, file), (packet) => dissector.dissect(packet))
  return [...recorders.values()].map((recorder) => {
    const { events, addresses, startUs } = recorder
    return { series: graphSeries(events, connectionsIn(events)[0]!), addresses, epochUs: startUs }
  })
}

/** By title; null where two connections have the same one, as tcptrace and Wireshark part them otherwise. */
function theirs(file: string, suffix: string): Map<string, Plot | null> {
  const folder = mkdtempSync(join(tmpdir(), 'elko-tcptrace-'))
  try {
    const { status } = spawnSync('tcptrace', ['-G', '-n', join(FILES, file)], { cwd: folder })
    assert.equal(status, 0, `tcptrace ${file}`)
    const plots = new Map<string, Plot | null>()
    for (const name of readdirSync(folder).filter((each) => each.endsWith(`_${suffix}.xpl`))) {
      // tcptrace's own whole numbers of seconds and its "timeval signed" are in the language as well.
      const plot = parsePlot(readFileSync(join(folder, name), 'latin1'))
      plots.set(plot.title, plots.has(plot.title) ? null : plot)
    }
    return plots
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function ours(file: string, type: GraphType): Promise<Map<string, Plot | null>> {
  const plots = new Map<string, Plot | null>()
  for (const { series, ...options } of await connectionsOf(file)) {
    for (const side of [0, 1] as const) {
      const plot = parsePlot(graphXpl(series, { type, side, ...options }))
      plots.set(plot.title, plots.has(plot.title) ? null : plot)
    }
  }
  return plots
}

/**
 * What we leave to tcptrace: it knows a copy that was made by the network's hardware by the IP identification ("HD", blue),
 * which our record has not; it is a retransmission ("R", red) here.
 */
function known({ command, at, colour, words }: Primitive): string {
  return [command, ...at, colour === 'blue' ? 'red' : colour, words.replace('HD', 'R')].join(' ')
}

/** What only one of two lists has. */
function difference(a: readonly string[], b: readonly string[]): string[] {
  const counts = new Map<string, number>()
  for (const each of a) counts.set(each, (counts.get(each) ?? 0) + 1)
  for (const each of b) counts.set(each, (counts.get(each) ?? 0) - 1)
  return [...counts]
    .filter(([, count]) => count !== 0)
    .map(([each, count]) => `${count > 0 ? '-' : '+'} ${each}`)
}

/**
 * tcptrace also counts duplicates where nothing is outstanding any more (answers to keep-alives) or the window is closed
 * (answers to probes), which RFC 5681 2 does not: a "3" more.
 */
const isThird = (line: string): boolean => /^[-+] atext .* green 3$/.test(line)

describe('time-sequence graphs are those of tcptrace -S', { skip }, () => {
  for (const file of CAPTURES) {
    test(file, async () => {
      const [expected, found] = [theirs(file, 'tsg'), await ours(file, 'time-sequence')]
      let compared = 0
      let primitives = 0
      for (const [title, plot] of expected) {
        const own = found.get(title)
        if (plot === null || own === null || own === undefined) continue
        compared++
        primitives += plot.primitives.length
        const differing = difference(plot.primitives.map(known), own.primitives.map(known))
        assert.deepEqual(
          differing.filter((line) => !isThird(line)),
          [],
          title,
        )
      }
      assert.ok(compared > 0 && primitives > 20, `${compared} directions, ${primitives} primitives`)
    })
  }
})

describe('round trips are those of tcptrace -R, which has whole milliseconds', { skip }, () => {
  for (const file of CAPTURES) {
    test(file, async () => {
      const [expected, found] = [theirs(file, 'rtt'), await ours(file, 'rtt')]
      const dots = ({ primitives }: Plot): string[] =>
        primitives
          .filter(({ command }) => command === 'dot')
          .map(({ at: [time, value] }) => `${time} ${Math.floor(Number(value))}`)
      let compared = 0
      for (const [title, plot] of expected) {
        const own = found.get(title)
        if (plot === null || own === null || own === undefined) continue
        compared += dots(plot).length
        assert.deepEqual(difference(dots(plot), dots(own)), [], title)
      }
      assert.ok(compared > 0, `${compared} round trips`)
    })
  }
})
