/** Which packets of a capture a command takes (tcpdump's expressions) and shows (Wireshark's display filters). */

import type { CaptureRecord } from '../capture/record.ts'
import { Dissector } from '../dissect/dissect.ts'
import type { TunnelPorts } from '../dissect/tunnels.ts'
import { CaptureFilter } from '../filter/capture-filter.ts'
import { DisplayFilter } from '../filter/display-filter.ts'
import { FilterError } from '../filter/filter-error.ts'
import { FrameTimes } from '../flows/frame-times.ts'
import { SequenceAnalysis } from '../flows/sequence-analysis.ts'
import { UsageError } from './arguments.ts'

export class FrameFilter {
  readonly #capture: CaptureFilter | null
  readonly #display: DisplayProbe | null

  /**
   * @param words a capture filter, as it stands behind the file on the command line.
   * @param display of -Y.
   * @param tunnels that the display filter looks through.
   * @throws UsageError with the place in the filter.
   */
  constructor(words: readonly string[], display: string | undefined, tunnels: TunnelPorts | null = null) {
    this.#capture = words.length === 0 ? null : told('the filter', () => new CaptureFilter(words.join(' ')))
    this.#display = display === undefined ? null : told('-Y', () => new DisplayProbe(display, tunnels))
  }

  /** Whether a packet is there at all, as if the capture had been made with the filter. */
  takes(record: CaptureRecord): boolean {
    const capture = this.#capture
    return capture === null || told('the filter', () => capture.matches(record))
  }

  /** Whether a packet that is there is shown. Must see each of them, as their analysis depends on those before. */
  shows(record: CaptureRecord): boolean {
    return this.#display === null || this.#display.shows(record)
  }
}

class DisplayProbe {
  readonly #filter: DisplayFilter
  readonly #dissector: Dissector
  readonly #times = new FrameTimes()

  constructor(expression: string, tunnels: TunnelPorts | null) {
    this.#filter = new DisplayFilter(expression)
    const analysis = new SequenceAnalysis()
    this.#dissector = new Dissector((packet, tcp) => {
      this.#filter.tcp({ packet, tcp, analysis: analysis.analyze(packet, tcp) })
    }, tunnels)
  }

  shows(record: CaptureRecord): boolean {
    this.#times.frame(record)
    this.#filter.begin()
    this.#dissector.dissect(record)
    return this.#filter.matches({ packet: this.#dissector.packet, record, times: this.#times })
  }
}

function told<T>(what: string, inner: () => T): T {
  try {
    return inner()
  } catch (error) {
    if (!(error instanceof FilterError)) throw error
    throw new UsageError(`${what}: ${error.message}`)
  }
}
