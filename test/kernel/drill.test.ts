/**
 * Our own scripts (test/drill) against the Linux kernel, in real time: the kernel does in all of them what RFC 9293 asks
 * and Elko does, but for those named here, each with its row of docs/linux-differences.md.
 */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { requirements } from './netns.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const MAIN = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url))

/** What Linux does otherwise: the title of the row that says why Elko does not. */
const KNOWN: Readonly<Record<string, string>> = {
  'calls/read-lowat-rest.pkt': 'SO_RCVLOWAT and a reader that has some of it',
  'calls/write-opening-blocking.pkt': 'text that waits for the SYN-ACK',
  'listen/syn-with-data.pkt': 'text with a SYN',
  'syn-received/rst-at-rcv-nxt-active.pkt': 'reset of a simultaneous open',
  'syn-received/syn-ack-active.pkt': 'SYN again in SYN-RECEIVED',
  'syn-received/syn-ack.pkt': 'SYN again in SYN-RECEIVED',
  'time-wait/ack-future.pkt': 'bad ACK in TIME-WAIT',
  'time-wait/data-in.pkt': 'new segment in TIME-WAIT',
  'time-wait/data-out-of-order.pkt': 'new segment in TIME-WAIT',
  'time-wait/data-overlapping.pkt': 'text across the FIN',
  'time-wait/no-ack.pkt': 'new segment in TIME-WAIT',
  'time-wait/rst-at-rcv-nxt.pkt': 'reset in TIME-WAIT',
  'timers/challenge-limit.pkt': 'limit of challenges',
  'timers/fin-wait-2.pkt': 'end of FIN-WAIT-2',
  'timers/icmp-unreachable-syn.pkt': 'ICMP error while opening',
  'timers/rto-black-hole-ipv4.pkt': 'black hole',
}

/** Not for real time: what lasts for minutes, hours and days is played to Elko alone. */
const LONG = 'test/drill/timers/long/'

/** Scripts wait for most of their time, so several processes play them at once. */
const PROCESSES = 12
const MOST_TRIES = 20
const skip = { skip: requirements(), timeout: 1_200_000 }

interface Result {
  readonly file: string
  readonly agreement: string
  readonly kernel: { readonly failure?: unknown; readonly reason?: string }
}

/** @param version null: the one that each script names itself. */
async function compare(files: readonly string[], version: string | null): Promise<Result[]> {
  // The times are those of a simulation: a host that is busy with other tests is late now and then.
  const args = ['drill', '--against', 'tun', '--json', '--tolerance_usecs=80000']
  if (version !== null) args.push(`--ip_version=${version}`)
  const child = spawn(process.execPath, [MAIN, ...args, ...files], { cwd: root })
  const out: Buffer[] = []
  const err: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
  const [code] = (await once(child, 'close')) as [number | null]
  assert.ok(code === 0 || code === 1, `exit ${code}: ${Buffer.concat(err)}`)
  return (JSON.parse(Buffer.concat(out).toString()) as { results: Result[] }).results
}

/** A machine that was busy for a moment makes differences, and hides others; alone they come out as they are. */
async function playOddOnesAgain(results: Result[], version: string | null): Promise<void> {
  const isOdd = ({ file, agreement }: Result): boolean =>
    agreement !== (KNOWN[file.replace('test/drill/', '')] === undefined ? 'both' : 'only elko')
  for (let tries = 1; tries < MOST_TRIES; tries++) {
    for (const [i, result] of results.entries()) {
      if (isOdd(result)) results[i] = (await compare([result.file], version))[0]!
    }
  }
}

const scripts = readdirSync(`${root}test/drill`, { recursive: true })
  .map((name) => `test/drill/${String(name)}`)
  .filter((name) => name.endsWith('.pkt') && !name.startsWith(LONG))
  .sort()

function namesVersion(file: string): boolean {
  return /^--ip_version=/m.test(readFileSync(`${root}${file}`, 'latin1'))
}

for (const version of ['ipv4', 'ipv6', null]) {
  const title = `the kernel does as our scripts say, but for the known differences, ${version ?? 'their own version'}`
  test(title, skip, async (t) => {
    const played = scripts.filter((file) => namesVersion(file) === (version === null))
    const shares = Array.from({ length: PROCESSES }, (_, i) => played.filter((_, n) => n % PROCESSES === i))
    const filled = shares.filter((share) => share.length > 0)
    const results = (await Promise.all(filled.map((share) => compare(share, version)))).flat()
    await playOddOnesAgain(results, version)
    t.diagnostic(`${results.length} scripts played to both`)
    const differing = results.filter(({ agreement }) => agreement !== 'both')
    const unknown = differing.filter(({ file }) => KNOWN[file.replace('test/drill/', '')] === undefined)
    assert.deepEqual(unknown, [])
    for (const { file, agreement } of differing) assert.equal(agreement, 'only elko', file)
    const known = Object.keys(KNOWN).filter((name) => played.includes(`test/drill/${name}`))
    const gone = known.filter((name) => !differing.some(({ file }) => file.endsWith(`/${name}`)))
    assert.deepEqual(gone, [], 'known differences that are gone')
  })
}

test('each known difference has its row in docs/linux-differences.md, and what only scripts show no other', () => {
  const text = readFileSync(`${root}docs/linux-differences.md`, 'utf8')
  const titles = [...new Set(Object.values(KNOWN))]
  for (const title of titles) assert.ok(text.includes(`| \`${title}\` |`), title)
  const own = text.split('\n## What only scripts show')[1]!
  const rows = [...own.matchAll(/^\| `([^`]+)` \|/gm)].map(([, title]) => title!)
  const stale = rows.filter((title) => !titles.includes(title))
  assert.deepEqual(stale, [])
})
