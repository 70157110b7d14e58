/**
 * `npm run bench -- capture`: how fast captures are read, beside tshark and tcptrace, in one run: two captures, rounds
 * interleaved, the page cache warm, a process for each reading; medians and their ratios. A command in threads (`elko diagnose`) uses several cores: CPU seconds say what that costs.
 */

import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, statSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeCapture, writeBulk, writeCrowd } from './capture-maker.ts'
import type { Reading } from './capture-measure.ts'

const CONNECTIONS = 450_000
const BULK_OCTETS = 1_000_000_000

const FILES: Readonly<Record<string, (path: string, part: number) => number>> = {
  crowd: (path, part) => makeCapture(path, (sink) => writeCrowd(sink, Math.ceil(CONNECTIONS * part))),
  bulk: (path, part) => makeCapture(path, (sink) => writeBulk(sink, Math.ceil(BULK_OCTETS * part))),
}

const MEASURE = fileURLToPath(new URL('./capture-measure.js', import.meta.url))
const ELKO = fileURLToPath(new URL('../src/cli/main.js', import.meta.url))

interface Way {
  readonly name: string
  readonly title: string
  /** Words of the command; `FILE` stands for the capture. */
  readonly command: readonly string[]
  /** Prints what it measured itself; else the whole process is timed. */
  readonly isOwn?: boolean
  /** Takes minutes: fewer rounds. */
  readonly isSlow?: boolean
}

const own = (name: string, title: string): Way => ({
  name,
  title,
  command: [process.execPath, MEASURE, name, 'FILE'],
  isOwn: true,
})
const elko = (name: string, ...words: string[]): Way => ({
  name,
  title: `elko ${words.join(' ')}`,
  command: [process.execPath, ELKO, ...words, 'FILE'],
})

const WAYS: readonly Way[] = [
  own('loop', 'bare loop with a flow table'),
  own('analysis', 'SequenceAnalysis of all packets'),
  own('conversations', 'SequenceAnalysis, conversations'),
  own('flows', 'SequenceAnalysis, FlowTracker'),
  elko('elko fields', 'read', '-T', 'fields', '-e', 'tcp.analysis.retransmission'),
  elko('elko conversations', 'conversations'),
  elko('elko diagnose', 'diagnose', '--json'),
  elko('elko diagnose alone', 'diagnose', '--json', '--threads', '1'),
  {
    name: 'tshark fields',
    title: 'tshark -T fields -e tcp.analysis.flags',
    command: ['tshark', '-n', '-r', 'FILE', '-T', 'fields', '-e', 'tcp.analysis.flags'],
    isSlow: true,
  },
  {
    name: 'tshark conv',
    title: 'tshark -q -z conv,tcp',
    command: ['tshark', '-n', '-q', '-r', 'FILE', '-z', 'conv,tcp'],
    isSlow: true,
  },
  { name: 'tcptrace', title: 'tcptrace -n', command: ['tcptrace', '-n', 'FILE'], isSlow: true },
]

/** GNU time: seconds, those of all cores, and memory of a command. */
const TIME = '/usr/bin/time'

export const HELP = `npm run bench -- capture [WORD...] [--rounds N] [--slow N] [--file crowd|bulk] [--part P] [--json]

Reads two captures that it makes first in ${tmpdir()}/elko-bench (5 million packets of 450,000
connections; 1 GB in one connection): Elko, tshark, tcptrace and a bare loop. "elko diagnose" uses
threads where there are cores, "elko diagnose alone" one. With words only
what has one of them in its name: ${WAYS.map(({ name }) => name).join(', ')}.

--rounds N  interleaved rounds, of which the median counts (5)
--slow N    rounds of tshark and tcptrace (1)
--part P    captures of this part of the size, to try it out: 0.01 (1)

Needs ${TIME} (Debian: apt-get install time); tshark and tcptrace are left out where they are not installed.`

export interface Asked {
  readonly words: readonly string[]
  readonly rounds: number
  readonly slow: number
  readonly file: string | undefined
  /** Of the size of the captures: more than 0, up to 1. */
  readonly part: number
  readonly json: boolean
}

/** @throws Error that says what is missing or wrong. */
export function benchCaptures({ words, rounds, slow, file, part, json }: Asked): void {
  if (!(part > 0 && part <= 1)) throw new Error('--part: expected a number above 0, up to 1')
  if (file !== undefined && !Object.hasOwn(FILES, file)) throw new Error('--file: expected crowd or bulk')
  const folder = join(tmpdir(), 'elko-bench')
  mkdirSync(folder, { recursive: true })
  const asked = WAYS.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)))
  if (asked.length === 0) throw new Error(`nothing has ${words.join(' or ')} in its name`)
  if (asked.some(({ isOwn }) => isOwn !== true) && !isThere(TIME)) {
    throw new Error(`there is no ${TIME}: apt-get install time`)
  }
  const ways = asked.filter(({ command }) => isThere(command[0]!))
  for (const { title, command } of asked) {
    if (!isThere(command[0]!)) console.error(`left out, as there is no ${command[0]}: ${title}`)
  }
  const all: Record<string, Record<string, Reading[]>> = {}
  for (const [name, make] of Object.entries(FILES)) {
    if (file !== undefined && file !== name) continue
    const path = join(folder, part === 1 ? `${name}.pcap` : `${name}-${part}.pcap`)
    make(path, part)
    const results = new Map<string, Reading[]>(ways.map((way) => [way.name, []]))
    const packets = measure(own('loop', ''), path, 0).packets
    for (let round = 0; round < rounds; round++) {
      for (const way of ways) {
        if (way.isSlow === true && round >= slow) continue
        results.get(way.name)!.push(measure(way, path, packets))
      }
    }
    all[name] = Object.fromEntries(results)
    if (!json) report(name, path, packets, ways, results)
  }
  if (json) console.log(JSON.stringify(all, null, 2))
}

const isThere = (program: string): boolean => spawnSync('which', [program]).status === 0

function measure({ command, isOwn }: Way, path: string, packets: number): Reading {
  const words = command.map((word) => (word === 'FILE' ? path : word))
  if (isOwn === true) {
    return JSON.parse(execFileSync(words[0]!, words.slice(1), { encoding: 'utf8' })) as Reading
  }
  const times = join(tmpdir(), 'elko-bench', 'times')
  const shell = `exec ${TIME} -f '%e %U %S %M' -o ${times} "$@" > /dev/null 2> /dev/null`
  spawnSync('bash', ['-c', shell, 'bash', ...words])
  // A line before the figures says that the command did not end with 0.
  const figures = readFileSync(times, 'utf8').trimEnd().split('\n').at(-1)!.split(' ').map(Number)
  const [seconds, user, system, rss] = figures as [number, number, number, number]
  return { packets, seconds, cpu: user + system, rss }
}

function report(
  name: string,
  path: string,
  packets: number,
  ways: readonly Way[],
  results: ReadonlyMap<string, readonly Reading[]>,
): void {
  const megabytes = Math.round(statSync(path).size / 1e6)
  const cores = availableParallelism()
  console.log(
    `\n${name}: ${packets.toLocaleString('en')} packets, ${megabytes} MB; Node ${process.version}, ${cores} cores\n`,
  )
  const median = (way: Way): Reading | undefined => {
    const sorted = [...results.get(way.name)!].sort((a, b) => a.seconds - b.seconds)
    return sorted[sorted.length >> 1]
  }
  const base = ways.find((way) => way.name === 'analysis')
  const analysis = base === undefined ? undefined : median(base)
  console.log(`${''.padEnd(62)}seconds   CPU s   packets/s    MB   times analysis`)
  for (const way of ways) {
    const middle = median(way)
    if (middle === undefined) continue
    const cells = [
      way.title.padEnd(58),
      middle.seconds.toFixed(2).padStart(11),
      middle.cpu.toFixed(2).padStart(8),
      Math.round(packets / middle.seconds)
        .toLocaleString('en')
        .padStart(12),
      Math.round(middle.rss / 1024)
        .toString()
        .padStart(6),
      analysis === undefined ? '' : (middle.seconds / analysis.seconds).toFixed(2).padStart(12),
    ]
    console.log(cells.join(''))
  }
}
