/**
 * tcptrace's plots of a capture beside ours, primitive by primitive. docs/tcptrace-differences.md names what is left out of
 * account here, and why; what remains is a difference.
 */

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InputError } from '../../src/cli/arguments.ts'
import { readCaptureFile } from '../../src/cli/capture-input.ts'
import { Dissector } from '../../src/dissect/dissect.ts'
import { FlowRecorder } from '../../src/flows/flow-recorder.ts'
import { SequenceAnalysis } from '../../src/flows/sequence-analysis.ts'
import type { GraphType } from '../../src/graph/graph-svg.ts'
import { type GraphSeries, graphSeries } from '../../src/graph/series.ts'
import { graphXpl } from '../../src/graph/xpl.ts'
import { connectionsIn } from '../../src/trace/connections.ts'
import { type Plot, type Primitive, parsePlot } from './xpl-grammar.ts'

/** By the end of the names of tcptrace's files. */
export const PLOTS = {
  tsg: 'time-sequence',
  rtt: 'rtt',
  tput: 'throughput',
  owin: 'window',
} as const satisfies Readonly<Record<string, GraphType>>
export type PlotName = keyof typeof PLOTS

export interface Comparison {
  /** Directions of connections that both have, in all four plots, and what tcptrace drew in them. */
  compared: number
  primitives: number
  /** By plot: "- " only tcptrace has it, "+ " only we. */
  readonly differing: Readonly<Record<PlotName, string[]>>
}

/** @returns why tcptrace has no plots that could be compared, or the comparison. */
export async function compareWithTcptrace(file: string): Promise<Comparison | string> {
  const folder = mkdtempSync(join(tmpdir(), 'elko-tcptrace-'))
  try {
    const { status, signal } = spawnSync('tcptrace', ['-STRN', '-n', file], { cwd: folder })
    if (status !== 0) return signal === null ? `status ${status}` : signal
    return compared(folder, await connectionsOf(file))
  } catch (error) {
    if (error instanceof InputError) return error.message
    throw error
  } finally {
    rmSync(folder, { recursive: true })
  }
}

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
  await readCaptureFile(file, (packet) => dissector.dissect(packet))
  return [...recorders.values()].map((recorder) => {
    const { events, addresses, startUs } = recorder
    return { series: graphSeries(events, connectionsIn(events)[0]!), addresses, epochUs: startUs }
  })
}

function compared(folder: string, connections: readonly Captured[]): Comparison | string {
  const comparison: Comparison = {
    compared: 0,
    primitives: 0,
    differing: { tsg: [], rtt: [], tput: [], owin: [] },
  }
  const names = readdirSync(folder)
  const both = new Map<PlotName, readonly [theirs: Plots, ours: Plots]>()
  for (const name of Object.keys(PLOTS) as PlotName[]) {
    const [theirs, ours] = [new Plots(), new Plots()]
    for (const file of names.filter((each) => each.endsWith(`_${name}.xpl`))) {
      const text = readFileSync(join(folder, file), 'latin1')
      // A fraction of a second that has more than six digits is a fuzzer's.
      if (/\.\d{7}/.test(text)) return 'broken times'
      theirs.add(text)
    }
    for (const { series, ...options } of connections) {
      for (const side of [0, 1] as const) {
        ours.add(graphXpl(series, { type: PLOTS[name], side, ...options }))
      }
    }
    both.set(name, [theirs, ours])
  }
  const repeated = new Set(both.get('tsg')!.flatMap((plots) => [...plots.repeated]))
  for (const [name, [theirs, ours]] of both) {
    for (const [ends, plot] of theirs.byEnds) {
      if (repeated.has(ends)) continue
      const own = ours.byEnds.get(ends)
      comparison.compared++
      comparison.primitives += plot.primitives.length
      const lines = own === undefined ? ['missing'] : DIFFERENCES[name](plot.primitives, own.primitives)
      comparison.differing[name].push(...lines.map((line) => `${ends}: ${line}`))
    }
  }
  return comparison
}

/** Plots by the ends of their connections. */
class Plots {
  readonly byEnds = new Map<string, Plot>()
  /** Ends that several connections have: the tools part them otherwise. */
  readonly repeated = new Set<string>()

  add(text: string): void {
    const plot = parsePlot(text)
    const ends = endsOf(plot.title)
    if (this.byEnds.has(ends)) this.repeated.add(ends)
    this.byEnds.set(ends, plot)
  }
}

/** tcptrace writes zeros of IPv6 addresses otherwise (and ::1 as :0001): they are left out. */
function endsOf(title: string): string {
  const [, ...parts] = /^(.*):(\d+)_==>_(.*):(\d+) \(.*$/.exec(title)!
  const [from, fromPort, to, toPort] = parts as [string, string, string, string]
  const plain = (address: string): string =>
    address
      .split(':')
      .map((group) => (address.includes(':') ? group.replace(/^0+/, '') : group))
      .filter((group) => group !== '')
      .join(':')
  return `${plain(from)} ${fromPort} > ${plain(to)} ${toPort}`
}

type Differ = (theirs: readonly Primitive[], ours: readonly Primitive[]) => string[]

const DIFFERENCES: Readonly<Record<PlotName, Differ>> = {
  tsg: sequenceDifference,
  rtt: (theirs, ours) => difference(theirs.flatMap(wholePoint), ours.flatMap(wholePoint)),
  tput: (theirs, ours) => difference(theirs.flatMap(rate), ours.flatMap(rate)),
  owin: windowDifference,
}

/** What only one of two lists has. */
function difference(theirs: readonly string[], ours: readonly string[]): string[] {
  const counts = new Map<string, number>()
  for (const each of theirs) counts.set(each, (counts.get(each) ?? 0) + 1)
  for (const each of ours) counts.set(each, (counts.get(each) ?? 0) - 1)
  return [...counts].flatMap(([each, count]) => {
    return Array.from({ length: Math.abs(count) }, () => `${count > 0 ? '-' : '+'} ${each}`)
  })
}

/** Numbers of tcptrace wrap at 2^32, ours go on. */
function onWire({ command, at, colour, words }: Primitive): string {
  const numbers = at.map((value, k) => (k % 2 === 0 ? value : Number(value) % 2 ** 32))
  return [command, ...numbers, colour, words].join(' ')
}

function sequenceDifference(theirs: readonly Primitive[], ours: readonly Primitive[]): string[] {
  const isNoThird = ({ colour, words }: Primitive): boolean => !(colour === 'green' && words === '3')
  const own = ours.filter(isNoThird).map(onWire)
  const there = new Set(own)
  return difference(
    theirs.filter(isNoThird).map((primitive) => {
      const looks = looksOf(primitive).map(onWire)
      return looks.find((look) => there.has(look)) ?? looks[0]!
    }),
    own,
  )
}

/** Of what tcptrace takes for a copy made by hardware ("HD", blue): what it may be for us. */
function looksOf(primitive: Primitive): Primitive[] {
  const { colour, words } = primitive
  if (colour !== 'blue') return [{ ...primitive, words: words.replace('HD', 'R') }]
  return (['red', 'white', 'orange'] as const).flatMap((other) => [
    { ...primitive, colour: other, words: words.replace('HD', 'R') },
    { ...primitive, colour: other, words: words.replace('HD ', '') },
  ])
}

/** Dots and lines with whole numbers: tcptrace has whole milliseconds. */
function wholePoint({ command, at, colour }: Primitive): string[] {
  if (command !== 'dot' && command !== 'line') return []
  return [
    [command, ...at.map((value, k) => (k % 2 === 0 ? value : Math.floor(Number(value)))), colour].join(' '),
  ]
}

/** tcptrace's rates end at 2^31 octets a second. */
function rate(primitive: Primitive): string[] {
  const at = primitive.at.map((value, k) => (k % 2 === 0 ? value : String(Math.min(Number(value), 2 ** 31))))
  return wholePoint({ ...primitive, at })
}

/** What tcptrace samples at each segment of the sender, less one, must be a level of our lines in that moment. */
function windowDifference(theirs: readonly Primitive[], ours: readonly Primitive[]): string[] {
  const flight = levelsOf(ours, 'red')
  const offered = levelsOf(ours, 'yellow')
  const firstAnswer = offered[0]?.seconds ?? Number.POSITIVE_INFINITY
  return theirs.flatMap(({ command, at: [time, value], colour }) => {
    if (command !== 'dot' || (colour !== 'red' && colour !== 'yellow')) return []
    const seconds = Number(time)
    const octets = Number(value)
    if (colour === 'yellow') {
      return levelsAt(offered, seconds).includes(octets) ? [] : [`- rwin ${time} ${value}`]
    }
    // Below nothing (a keep-alive; in 32 bits) and without an acknowledgment, tcptrace's number is not what is in flight.
    if (octets === 0 || octets >= 2 ** 31 || seconds <= firstAnswer) return []
    const levels = levelsAt(flight, seconds)
    // A FIN counts in the flight of ours.
    return levels.includes(octets - 1) || levels.includes(octets) ? [] : [`- owin ${time} ${value}`]
  })
}

interface Levels {
  readonly seconds: number
  readonly values: number[]
}

function levelsOf(primitives: readonly Primitive[], colour: string): Levels[] {
  const moments: Levels[] = []
  const add = (time: string, value: string): void => {
    const seconds = Number(time)
    const last = moments.at(-1)
    if (last?.seconds === seconds) last.values.push(Number(value))
    else moments.push({ seconds, values: [Number(value)] })
  }
  for (const { command, at, colour: own } of primitives) {
    if (own !== colour) continue
    add(at[0]!, at[1]!)
    if (command === 'line') add(at[2]!, at[3]!)
  }
  return moments
}

/** All that a line has in a moment, and what it comes from. */
function levelsAt(levels: readonly Levels[], seconds: number): number[] {
  let low = 0
  let high = levels.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (levels[middle]!.seconds <= seconds) low = middle + 1
    else high = middle
  }
  const now = levels[low - 1]
  if (now === undefined) return [0]
  return now.seconds === seconds ? [...now.values, levels[low - 2]?.values.at(-1) ?? 0] : now.values
}
