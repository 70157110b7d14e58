/** Connections for the tools that read scripts: every scenario, some on a bad network, captures, words with everything in them. */

import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { resolveSource } from '../../src/cli/source.ts'
import type { ScriptOptions } from '../../src/diagram/script/steps.ts'
import { runScenario, type ScenarioOptions } from '../../src/sim/scenario.ts'
import { story } from '../../src/sim/scenarios/story.ts'
import { findScenario, SCENARIOS } from '../../src/sim/scenarios.ts'
import type { TraceEvent } from '../../src/trace/events.ts'

/** Words that a grammar could trip over. */
export const HOSTILE = [
  'end',
  'a; b # c',
  '"quoted" \'too\' `and` so',
  '%%{init: {}}%% @startuml',
  '<script>alert(1)</script> &amp; &#35; #35;',
  "**bold** //it// __u__ --s-- ~~w~~ ''q'' ==h== ...",
  '!include /etc/passwd %date() $x [[http://x]] \\n \\\\ |a|',
  'wrap: x',
  "' comment /' block",
  '---',
  'a\u0000b\u001b[31m\nc\u2028d',
]

/** A run in which everything that is free text says the same. */
export function hostile(words: string): TraceEvent[] {
  return eventsOf('classic').map((event): TraceEvent => {
    const isText = event.kind === 'heading' || event.kind === 'remark' || event.kind === 'application'
    if (isText) return { ...event, text: words }
    return event.kind === 'sent' ? { ...event, note: words } : event
  })
}

export function hostileOptions(words: string): ScriptOptions {
  return {
    title: words,
    banner: { verdict: words, healthy: false, sentence: words, lines: [] },
    addresses: { client: words },
  }
}

export function eventsOf(name: string, options: ScenarioOptions = {}): TraceEvent[] {
  const { events, scenario } = runScenario(findScenario(name)!, options)
  return story(events, { oneConnection: scenario.onePicture === true })
}

export interface Scripted {
  readonly name: string
  readonly events: readonly TraceEvent[]
  readonly options: ScriptOptions
}

/** Of each kind of trouble one: losses, resets, IPv6, tunnels, captures that begin in the middle. */
const CAPTURES = [
  'arkime-20238f5c-http-tcp-seq-issue.pcap',
  'arkime-8e18b4c2-v6.pcap',
  'nDPI-1cf2ee1a-4in6tunnel.pcap',
  'PcapPlusPl-5158cd46-Ftp.pcap',
  'PcapPlusPl-0d732162-tcp-reassembly.pcap',
]
const FOLDER = fileURLToPath(new URL('../../../../shared/captures/files/', import.meta.url))

export async function scripted(): Promise<Scripted[]> {
  const sources = [
    ...SCENARIOS.map(({ name }) => ({ name, words: [name], flags: {} })),
    { name: 'folded', words: ['data-transfer'], flags: { bytes: '300000', loss: '3%', reorder: '2%' } },
    ...CAPTURES.filter((file) => existsSync(FOLDER + file)).map((file) => {
      return { name: file, words: [FOLDER + file], flags: {} }
    }),
  ]
  const all: Scripted[] = []
  for (const { name, words, flags } of sources) {
    const { events, title, addresses, banner, connection } = await resolveSource(words, flags, 10_000)
    const options = {
      title,
      addresses,
      ...(banner !== null && { banner }),
      ...(connection !== null && { connection }),
    }
    all.push({ name, events, options })
  }
  for (const [k, words] of HOSTILE.entries())
    all.push({ name: `hostile-${k}`, events: hostile(words), options: hostileOptions(words) })
  return all
}
