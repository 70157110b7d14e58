/** What a scanner sees of an Elko host: answers to odd segments by RFC 9293 3.10.7, unpredictable sequence numbers. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { requirements } from './netns.ts'
import { FAMILIES, IPV4, listen, type Peers, withPeers } from './peer.ts'

const skip = { skip: requirements('nmap', 'nft'), timeout: 900_000 }

const OPEN = 80
const CLOSED = 81
/** The kernel drops what goes there. */
const FILTERED = 82

async function withTarget(body: (peers: Peers) => Promise<void>): Promise<void> {
  await withPeers({}, async (peers) => {
    listen(peers.net, OPEN, (stream) => stream.on('error', () => {}).pipe(stream))
    await peers.ns.run('nft', ['-f', '-'], {
      input: `table inet elko_filter {
        chain out { type filter hook output priority -200; tcp dport ${FILTERED} drop; }
      }`,
    })
    await body(peers)
  })
}

/** nmap learns from quick answers to wait for a tenth of a second; a host on a busy machine may take far longer. */
const PATIENT = ['--min-rtt-timeout', '10s']

/** The state of each port by nmap's word. */
async function scan({ ns }: Peers, target: string, ...options: string[]): Promise<Record<string, string>> {
  const ports = `${OPEN},${CLOSED},${FILTERED}`
  const { stdout } = await ns.run('nmap', [
    '-n',
    '-Pn',
    ...PATIENT,
    ...options,
    '-p',
    ports,
    '-oX',
    '-',
    target,
  ])
  const found = stdout.matchAll(/<port protocol="tcp" portid="(\d+)"><state state="([^"]+)"/g)
  return Object.fromEntries([...found].map(([, port, state]) => [port!, state!]))
}

for (const family of FAMILIES) {
  const version = family.name === 'IPv6' ? ['-6'] : []
  // RFC 9293 3.10.7.1: CLOSED answers everything but a reset; 3.10.7.2: LISTEN answers SYN, resets ACK, drops the rest.
  const silence = { [OPEN]: 'open|filtered', [CLOSED]: 'closed', [FILTERED]: 'open|filtered' }
  const expected = {
    '-sS': { [OPEN]: 'open', [CLOSED]: 'closed', [FILTERED]: 'filtered' },
    '-sA': { [OPEN]: 'unfiltered', [CLOSED]: 'unfiltered', [FILTERED]: 'filtered' },
    '-sF': silence,
    '-sN': silence,
    '-sX': silence,
  }
  test(`${family.name}: nmap's SYN, ACK, FIN, NULL and Xmas scans see LISTEN and CLOSED`, skip, async () => {
    // Side by side: most of the time they wait for what the filtered port does not answer.
    const scans = Object.entries(expected).map(([option, states]) =>
      withTarget(async (peers) => {
        assert.deepEqual(await scan(peers, family.elko, ...version, option), states, option)
      }),
    )
    await Promise.all(scans)
  })
}

/** The lines of nmap's fingerprint of the host, by their names. */
async function fingerprint(ns: Peers['ns']): Promise<{ line(name: string): Record<string, string> }> {
  const { stdout } = await ns.run('nmap', [
    ...['-n', '-Pn', ...PATIENT, '-sS', '-O', '-d', '--max-os-tries', '1'],
    ...['-p', `${OPEN},${CLOSED}`, IPV4.elko],
  ])
  return {
    line: (name) => {
      const fields = new RegExp(`(?:^|\\))${name}\\(([^)]*)\\)`, 'm').exec(stdout)?.[1]
      assert.ok(fields !== undefined, `no ${name} in the fingerprint: ${stdout}`)
      return Object.fromEntries(fields.split('%').map((field) => field.split('=') as [string, string]))
    },
  }
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b)
}

test(
  "nmap's T2 to T7 are answered as RFC 9293 says, and MUST-8: SP of the sequence numbers is above 200",
  skip,
  () =>
    withTarget(async ({ ns }) => {
      const { line } = await fingerprint(ns)
      const answer = (name: string) => {
        const { R, S, A, F } = line(name)
        return { R, S, A, F }
      }
      // To the open port, in LISTEN. 3.10.7.2: neither RST, ACK nor SYN: dropped.
      assert.equal(line('T2').R, 'N', 'T2, no flags')
      // SYN is answered whatever else is set: FIN, URG, PSH.
      assert.deepEqual(answer('T3'), { R: 'Y', S: 'O', A: 'S+', F: 'AS' }, 'T3, SYN FIN URG PSH')
      // An acknowledgment: <SEQ=SEG.ACK><CTL=RST>.
      assert.deepEqual(answer('T4'), { R: 'Y', S: 'A', A: 'Z', F: 'R' }, 'T4, ACK')
      // To the closed port. 3.10.7.1: without ACK <SEQ=0><ACK=SEG.SEQ+SEG.LEN><CTL=RST,ACK>, with it as above.
      assert.deepEqual(answer('T5'), { R: 'Y', S: 'Z', A: 'S+', F: 'AR' }, 'T5, SYN')
      assert.deepEqual(answer('T6'), { R: 'Y', S: 'A', A: 'Z', F: 'R' }, 'T6, ACK')
      assert.deepEqual(answer('T7'), { R: 'Y', S: 'Z', A: 'S+', F: 'AR' }, 'T7, FIN PSH URG')
      const { SP, GCD } = line('SEQ')
      assert.ok(Number.parseInt(SP!, 16) > 200, `SP=${SP}`)
      // nmap's divisor is that of five differences: one set of random numbers in 32 is all even. Numbers that come in
      // steps share a divisor in every scan.
      let divisor = Number.parseInt(GCD!, 16)
      for (let scans = 1; divisor > 1 && scans < 5; scans += 1) {
        divisor = greatestCommonDivisor(
          divisor,
          Number.parseInt((await fingerprint(ns)).line('SEQ').GCD!, 16),
        )
      }
      assert.equal(divisor, 1, 'what the differences of sequence numbers of five scans have in common')
    }),
)
