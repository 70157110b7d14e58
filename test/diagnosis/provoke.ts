/** Plays a provoked case: the world, the applications, captures of both sides; again where it did not come out as meant. */

import { execFile } from 'node:child_process'
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Case, OnTheWire, Seen } from './case.ts'
import { Lateness } from './lateness.ts'
import { type Language, outcomes, type Result } from './script.ts'
import { type World, withWorld } from './world.ts'

const execute = promisify(execFile)

export interface Played {
  readonly language: Language
  readonly client: readonly Result[]
  readonly server: readonly Result[]
  /** The captures' files. */
  readonly clientFile: string
  readonly serverFile: string
  /** Packets that the captures lack. */
  readonly dropped: number
  /** How late one of its processes was at the latest, milliseconds: it stood still, or had to wait for others. */
  readonly lateness: number
}

/** A busy machine may let a timer of the application's expire before its time: the case is played again, so often. */
const ATTEMPTS = 5
/** Those where a process was late are not among them: nothing was provoked as it was meant, but by chance. */
const LATE_MS = 100
const MOST_LATE = 12

/**
 * Plays a case until it came out as it was meant, and gives the captures to `judge` while they exist. What it finds wrong
 * where a process stood still is no fault of what it judges: a server that stood still is a slow server.
 *
 * @throws where it never did, with what was different each time.
 */
export async function provoke(
  played: Case,
  languages: readonly [Language, Language],
  judge: (played: Played) => Promise<void>,
): Promise<void> {
  const misses: string[] = []
  for (let late = 0; misses.length < ATTEMPTS + late && late < MOST_LATE; ) {
    const miss = await withWorld(played.family ?? 4, played.wire, async (world) => {
      const run = await play(played, languages, world)
      const wrong = (await whatWentWrong(played, run)) ?? (await whatIsMisjudged(run, judge))
      if (wrong === null || run.lateness < LATE_MS) return wrong
      late++
      return `${run.lateness} ms late: ${wrong}`
    })
    if (miss === null) return
    misses.push(miss)
  }
  throw new Error(`${played.name} was not provoked in ${misses.length} attempts:\n${misses.join('\n')}`)
}

/** @throws what `judge` throws, unless a process was late. */
async function whatIsMisjudged(
  run: Played,
  judge: (played: Played) => Promise<void>,
): Promise<string | null> {
  try {
    await judge(run)
    return null
  } catch (error) {
    if (run.lateness < LATE_MS) throw error
    return (error as Error).message
  }
}

async function play(
  played: Case,
  [language, serverLanguage]: readonly [Language, Language],
  world: World,
): Promise<Played> {
  if (played.forward !== undefined) await world.command(`m: ${forwarding(played.forward)}`)
  for (const command of played.setup ?? []) await world.command(command)
  const [atClient, atServer] = await world.capture(played.capturesWhole === true)
  if (played.inject !== undefined) await world.inject(played.inject)
  const server = played.server.length === 0 ? null : world.peer('s', serverLanguage, played.server)
  await server?.begun
  const client = world.peer('c', language, played.client)
  const own = new Lateness()
  await Promise.all([client.ended, server?.ended, world.direct(played.director ?? [])])
  own.stop()
  await sleep(played.settleMs ?? SETTLE_MS)
  const stopped = await Promise.all([atClient.stop(), atServer.stop()])
  return {
    language,
    client: client.results,
    server: server?.results ?? [],
    clientFile: atClient.file,
    serverFile: atServer.file,
    dropped: stopped.reduce((sum, { dropped }) => sum + dropped, 0),
    lateness: Math.max(
      ...[client.lateness, server?.lateness ?? 0, await world.lateness()],
      played.director === undefined ? 0 : own.most, // which plays the director
    ),
  }
}

/** The last segments of both sides are on the wire before the captures end. */
const SETTLE_MS = 150

/** A chain at the router through which all packets between the two lines go. */
function forwarding(rules: readonly string[]): string {
  const chain = `nft add table inet lab; nft 'add chain inet lab f { type filter hook forward priority 0; }'`
  return [chain, ...rules.map((rule) => `nft 'add rule inet lab f ${rule}'`)].join('\n')
}

async function whatWentWrong(played: Case, run: Played): Promise<string | null> {
  if (run.dropped > 0) return `tcpdump dropped ${run.dropped} packets`
  for (const side of ['client', 'server'] as const) {
    const meant = played.seen[side]
    const seen = outcomes(run[side])
    if (meant !== undefined && !areAsMeant(seen, wordsFor(meant, run.language)))
      return `the ${side} saw ${JSON.stringify(seen)}, not ${JSON.stringify(wordsFor(meant, run.language))}: ${JSON.stringify(run[side])}`
  }
  const wires = [
    [run.clientFile, played.onClientWire],
    [run.serverFile, played.onServerWire],
  ] as const
  for (const [file, wire] of wires) {
    const wrong = wire === undefined ? null : await whatIsMissing(file, wire)
    if (wrong !== null) return wrong
  }
  return null
}

/** A word may give a choice: `ECONNRESET|EPIPE`. */
const areAsMeant = (seen: readonly string[], meant: readonly string[]): boolean =>
  seen.length === meant.length && meant.every((words, i) => words.split('|').includes(seen[i]!))

const wordsFor = (seen: Seen, language: Language): readonly string[] =>
  'python' in seen ? seen[language] : seen

async function whatIsMissing(file: string, wire: OnTheWire): Promise<string | null> {
  const times = async (filter: string): Promise<number[]> => {
    const { stdout } = await execute('tcpdump', ['-ttnr', file, filter], { maxBuffer: 1 << 28 })
    return stdout
      .split('\n')
      .filter((line) => line !== '')
      .map(Number.parseFloat)
  }
  for (const filter of wire.has ?? [])
    if ((await times(filter)).length === 0) return `${file} holds no packet of "${filter}"`
  for (const filter of wire.lacks ?? [])
    if ((await times(filter)).length > 0) return `${file} holds packets of "${filter}"`
  if (wire.order === undefined) return null
  const [[first = Number.NaN], [second = Number.NaN]] = await Promise.all([
    times(wire.order[0]),
    times(wire.order[1]),
  ])
  return first < second ? null : `${file} does not have "${wire.order[0]}" before "${wire.order[1]}"`
}

/** With ELKO_DIAGNOSIS_KEEP=DIRECTORY each case's captures and truth are left there. */
export function keep(played: Case, run: Played): void {
  const directory = process.env.ELKO_DIAGNOSIS_KEEP
  if (directory === undefined) return
  const place = join(directory, run.language === 'python' ? played.name : `${played.name}.${run.language}`)
  mkdirSync(place, { recursive: true })
  copyFileSync(run.clientFile, join(place, 'client.pcap'))
  copyFileSync(run.serverFile, join(place, 'server.pcap'))
  const { truth, fromServer, fromBoth, title } = played
  const observed = { client: run.client, server: run.server, seen: played.seen }
  const told = { case: played.name, title, language: run.language, truth, fromServer, fromBoth, ...observed }
  writeFileSync(join(place, 'truth.json'), `${JSON.stringify(told, null, 1)}\n`)
}
