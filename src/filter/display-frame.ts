/** What display filters see of the frame at hand: its layers, and what was noted of each TCP header in it. */

import { Packet } from '../dissect/packet.ts'
import type { FrameView, TcpView } from '../flows/field.ts'
import type { LayerTest } from '../flows/field-layers.ts'
import { FIELDS_OF_CUT_TCP } from '../flows/fields.ts'
import type { DisplayField } from './display-fields.ts'
import type { OctetRange } from './display-syntax.ts'
import type { Value } from './display-value.ts'

export type ValueReader = (frame: DisplayFrame) => readonly Value[]

export class DisplayFrame {
  view: FrameView | null = null
  readonly #readers: ((view: TcpView) => Value[])[] = []
  readonly #names: string[] = []
  /** Of each reader, the values of each TCP header. */
  readonly #groups: Value[][][] = []

  begin(): void {
    for (const groups of this.#groups) groups.length = 0
  }

  /** Notes what the filter wants of a TCP header, before the next one takes its place. */
  tcp(view: TcpView): void {
    for (const [slot, read] of this.#readers.entries()) this.#groups[slot]!.push(read(view))
  }

  /** The same of a header that the capture cut behind its ports. */
  cutTcp(view: TcpView): void {
    for (const [slot, read] of this.#readers.entries())
      if (FIELDS_OF_CUT_TCP.has(this.#names[slot]!)) this.#groups[slot]!.push(read(view))
  }

  /** How a field is read, of all layers or of some. */
  readerOf({ name, source }: DisplayField, layers: readonly OctetRange[] | null): ValueReader {
    if (source.of === 'tcp') {
      const slot = this.#slotOf(name, source.read)
      return () => chosen(this.#groups[slot]!, layers).flat()
    }
    const { read, layer } = source
    if (layers === null) return ({ view }) => read(view!)
    return ({ view }) => chosen(layersOf(view!, layer), layers).flatMap(read)
  }

  #slotOf(name: string, read: (view: TcpView) => Value[]): number {
    const known = this.#names.indexOf(name)
    if (known >= 0) return known
    this.#names.push(name)
    this.#readers.push(read)
    this.#groups.push([])
    return this.#readers.length - 1
  }
}

/** The frame once for each layer of a kind, as if there were no other. */
function layersOf(view: FrameView, test: LayerTest | null): FrameView[] {
  if (test === null) return [view]
  const { packet } = view
  const views: FrameView[] = []
  for (let layer = 0; layer < packet.layers; layer++) {
    const bytes = packet.layerBytes[layer]!
    const at = packet.layerAts[layer]!
    const code = packet.layerCodes[layer]!
    if (!test(code, bytes, at)) continue
    const only = new Packet()
    only.capturedLength =
      packet.capturedLength - (bytes === packet.layerBytes[0] ? at - packet.layerAts[0]! : 0)
    only.bytes = bytes
    only.at = at
    only.enter(code)
    views.push({ ...view, packet: only })
  }
  return views
}

/** Layers are counted from 1, and from the end as negative numbers. */
function chosen<T>(all: readonly T[], layers: readonly OctetRange[] | null): readonly T[] {
  if (layers === null) return all
  return all.filter((_, k) =>
    layers.some(({ start, length, last }) => {
      const number = k + 1
      const from = start < 0 ? all.length + 1 + start : start
      const to = last !== null ? last : length === null ? all.length : from + length - 1
      return number >= from && number <= to
    }),
  )
}
