/** The list of packets that `tshark -T tabs` prints with the dissectors above TCP and UDP off, and the same from Elko. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CaptureReader } from '../../src/capture/capture-reader.ts'
import { FrameViews } from '../../src/cli/frame-views.ts'
import type { TcpView } from '../../src/flows/field.ts'
import { columnLine } from '../../src/print/columns.ts'

export const hasTshark = spawnSync('tshark', ['--version']).status === 0

/** The layers up to TCP that Elko goes through; all other protocols are switched off. */
const KEPT = new Set(
  `frame eth ethertype vlan ieee8021ad ip ipv6 tcp icmp icmpv6 udp sll null raw ppp ppp_hdlc pppoe pppoes pppoed chdlc fddi ipoib
  arcnet tr wlan radiotap wlan_radio wlan_aggregate llc snap gre vxlan gtp mpls pwethheuristic pwethnocw pwethcw arp igmp data
  mptcp ipv6.hopopts ipv6.routing ipv6.fraghdr ipv6.dstopts ipv6.shim6 ah nsh etherip cfp hsr trill vntag etag cmd capwap
  capwap.data geneve teredo ppi nflog lisp l2tp pppmux eth_maybefcs eth_withoutfcs eth_withfcs`.split(/\s+/),
)

/** Gives `inner` a way to ask tshark, with a profile of its own in which only these layers are dissected. */
export function withoutApplications(inner: (ask: (path: string) => string[]) => void): void {
  const profile = mkdtempSync(join(tmpdir(), 'elko-tshark-'))
  try {
    const protocols = spawnSync('tshark', ['-G', 'protocols'], {
      encoding: 'utf8',
      maxBuffer: 1 << 26,
    }).stdout
    const names = protocols.split('\n').map((line) => line.split('\t')[2] ?? '')
    const off = names.filter((name) => name !== '' && !KEPT.has(name))
    assert.ok(off.length > 1000, `${off.length} protocols to switch off`)
    writeFileSync(join(profile, 'disabled_protos'), `${off.join('\n')}\n`)
    inner((path) => tsharkLines(profile, path))
  } finally {
    rmSync(profile, { recursive: true, force: true })
  }
}

function tsharkLines(profile: string, path: string): string[] {
  const { stdout } = spawnSync('tshark', ['-n', '-r', path, '-T', 'tabs'], {
    encoding: 'utf8',
    maxBuffer: 1 << 30,
    env: { ...process.env, WIRESHARK_CONFIG_DIR: profile },
  })
  const lines = stdout.split('\n')
  lines.pop()
  return lines
}

export function elkoLines(file: Uint8Array): string[] {
  const lines: string[] = []
  let tcp: TcpView | null = null
  const views = new FrameViews({
    display: null,
    tunnels: null,
    file: () => reader,
    onTcp: (view) => {
      tcp = view
    },
  })
  const reader = new CaptureReader((record) => {
    tcp = null
    views.frame(record)
    lines.push(columnLine(tcp ?? views.view, '\t'))
  })
  reader.readWhole(file)
  return lines
}

/** Lines of TCP that differ, and how many were compared; `others` are those of frames without TCP. */
export interface Compared {
  readonly tcp: number
  readonly others: number
  /** Lines of other frames that are the same. */
  readonly equalOthers: number
  readonly differing: readonly string[]
}

const PROTOCOL = 5

export function compareLines(theirs: readonly string[], ours: readonly string[]): Compared {
  assert.equal(ours.length, theirs.length, 'frames')
  let tcp = 0
  let equalOthers = 0
  const differing: string[] = []
  for (const [k, line] of theirs.entries()) {
    const isEqual = line === ours[k]
    const isTcp = /^(MP)?TCP$|<TCP>/.test(line.split('\t')[PROTOCOL]!)
    if (isTcp) tcp++
    else if (isEqual) equalOthers++
    if (isTcp && !isEqual) differing.push(`tshark ${line}\nhere   ${ours[k]}`)
  }
  return { tcp, others: theirs.length - tcp, equalOthers, differing }
}
