/** One dissection and one analysis of each frame of a capture, for the display filter and for all that is printed of it. */

import type { CaptureInterface } from '../capture/capture-file.ts'
import type { CaptureRecord } from '../capture/record.ts'
import { Dissector } from '../dissect/dissect.ts'
import type { TunnelPorts } from '../dissect/tunnels.ts'
import type { DisplayFilter } from '../filter/display-filter.ts'
import type { FrameView, TcpView } from '../flows/field.ts'
import { FrameTimes } from '../flows/frame-times.ts'
import { MANY_CONVERSATIONS, SequenceAnalysis } from '../flows/sequence-analysis.ts'

export interface ViewWishes {
  /** null: every frame passes. */
  readonly display: DisplayFilter | null
  readonly tunnels: TunnelPorts | null
  /** Those of the file, which may grow while it is read. */
  readonly interfaces?: () => readonly CaptureInterface[]
  /**
   * Is told of each TCP header. The view holds until the next one: to the end of the frame, where no other frame waits beside
   * this one (`packet.others`).
   */
  readonly onTcp?: (view: TcpView) => void
}

export class FrameViews {
  readonly #display: DisplayFilter | null
  readonly #dissector: Dissector
  readonly #times = new FrameTimes()
  readonly #interfaces: () => readonly CaptureInterface[]
  #view: FrameView | null = null

  constructor({ display, tunnels, interfaces, onTcp }: ViewWishes) {
    this.#display = display
    this.#interfaces = interfaces ?? (() => [])
    const analysis = new SequenceAnalysis(MANY_CONVERSATIONS)
    this.#dissector = new Dissector((packet, tcp) => {
      const view = { ...this.#view!, tcp, analysis: analysis.analyze(packet, tcp) }
      display?.tcp(view)
      onTcp?.(view)
    }, tunnels)
  }

  /** Takes the next frame. Every one must come, as the analysis goes by those before. Returns whether the filter shows it. */
  frame(record: CaptureRecord): boolean {
    const { packet } = this.#dissector
    this.#times.frame(record)
    this.#view = { packet, record, times: this.#times, interfaces: this.#interfaces() }
    this.#display?.begin()
    this.#dissector.dissect(record)
    return this.#display === null || this.#display.matches(this.#view)
  }

  /** The frame at hand; borrowed until the next one. */
  get view(): FrameView {
    return this.#view!
  }
}
