/**
 * What a script's commands ask of a kernel, done in the network namespace that was made for it, and nowhere else: only
 * switches of `net.` are set, and no program is run.
 */

import { writeFileSync } from 'node:fs'
import { pipelinesOf } from '../drill/shell.ts'

/** What scripts that begin with `defaults.sh` count on, as Linux's own kernels of today mostly have it. */
const DEFAULTS: readonly (readonly [string, string])[] = [
  ['net.ipv4.tcp_rmem', '4096 540000 15728640'],
  ['net.ipv4.tcp_wmem', '4096 262144 4194304'],
  ['net.ipv4.tcp_timestamps', '1'],
  ['net.ipv4.tcp_syn_retries', '5'],
  ['net.ipv4.tcp_synack_retries', '5'],
  ['net.ipv4.tcp_reordering', '3'],
  ['net.ipv4.tcp_congestion_control', 'cubic'],
  ['net.ipv4.tcp_slow_start_after_idle', '0'],
  ['net.ipv4.tcp_ecn', '0'],
  ['net.ipv4.tcp_pacing_ss_ratio', '200'],
  ['net.ipv4.tcp_pacing_ca_ratio', '120'],
  ['net.ipv4.tcp_notsent_lowat', '4294967295'],
  ['net.ipv4.tcp_fastopen', '0x70403'],
  ['net.ipv4.tcp_syncookies', '1'],
]

/** Carries out the commands of a text as far as they set switches; returns what it did not do, in words. */
export function setSysctls(text: string): string[] {
  const notes: string[] = []
  for (const { commands } of pipelinesOf(text)) {
    const [command = []] = commands
    const [program = '', ...words] = command
    const name = program.replace(/^.*\//, '')
    if (name === 'defaults.sh') for (const [key, value] of DEFAULTS) set(key, value, notes)
    else if (name === 'sysctl') for (const word of words) assign(word, notes)
    else if (name === 'set_sysctls.py') for (const word of words) assign(word, notes)
    else notes.push(`not done in the kernel: ${command.join(' ')}`)
  }
  return notes
}

/** `name=value`; words with a dash are options of the command. */
function assign(word: string, notes: string[]): void {
  const at = word.indexOf('=')
  if (at > 0 && !word.startsWith('-')) set(word.slice(0, at), word.slice(at + 1), notes)
}

/** Elko has no selective acknowledgment yet: the two are compared without, whatever a script says. */
const SACK = 'net/ipv4/tcp_sack'

export function switchSackOff(): void {
  writeFileSync(`/proc/sys/${SACK}`, '0')
}

function set(name: string, value: string, notes: string[]): void {
  const path = name.replace(/^\/proc\/sys\//, '').replaceAll('.', '/')
  if (!/^net\/[\w/-]+$/.test(path)) notes.push(`not a switch of the network: ${name}`)
  else if (path === SACK) return
  else {
    try {
      writeFileSync(`/proc/sys/${path}`, value)
    } catch (error) {
      notes.push(`the kernel refuses ${name}=${value} (${(error as NodeJS.ErrnoException).code})`)
    }
  }
}
