/** The summary of expert information as `tshark -z expert` prints it: remarks by severity, in the order of their first packets. */

import { type Expert, expertOf, type Severity } from '../flows/expert.ts'
import type { TcpView } from '../flows/field.ts'

/** One kind of remark, and how many packets have it. */
export interface ExpertCount extends Omit<Expert, 'field'> {
  packets: number
}

const TITLES: Readonly<Record<Severity, string>> = {
  error: 'Errors',
  warning: 'Warns',
  note: 'Notes',
  chat: 'Chats',
}

export class ExpertSummary {
  readonly #counts = new Map<string, ExpertCount>()

  /** Takes the next TCP header. As tshark, it counts nothing of what ICMP quotes, and no header that cannot be one. */
  add(view: TcpView): void {
    if (view.packet.isQuoted) return
    for (const { severity, group, message, field } of expertOf(view)) {
      if (field === 'tcp.bogus_header_length') continue
      const key = `${severity} ${group} ${message}`
      const known = this.#counts.get(key)
      if (known === undefined) this.#counts.set(key, { severity, group, message, packets: 1 })
      else known.packets++
    }
  }

  /** From the gravest on. */
  counts(): ExpertCount[] {
    const severities = Object.keys(TITLES)
    const all = [...this.#counts.values()]
    return severities.flatMap((severity) => all.filter((count) => count.severity === severity))
  }

  /** Lines; a blank one between severities. */
  lines(): string[] {
    const sections = Object.entries(TITLES).flatMap(([severity, title]) => {
      const counts = this.counts().filter((count) => count.severity === severity)
      return counts.length === 0 ? [] : [sectionLines(title, counts)]
    })
    return sections.flatMap((section, k) => (k === 0 ? section : ['', ...section]))
  }
}

function sectionLines(title: string, counts: readonly ExpertCount[]): string[] {
  const total = counts.reduce((sum, { packets }) => sum + packets, 0)
  return [
    `${title} (${total})`,
    '=============',
    '   Frequency      Group           Protocol  Summary',
    ...counts.map(
      ({ packets, group, message }) =>
        `${String(packets).padStart(12)} ${group.padStart(10)} ${'TCP'.padStart(18)}  ${message}`,
    ),
  ]
}
