/**
 * The sequence diagram in a page: only what is seen of it is drawn, folds open and close, one message is chosen, by the
 * pointer, the keyboard or from outside. Mount `element`, then `show` events; whoever listens to `announcer` learns what the
 * reader looks at.
 */

import { type SequenceSheet, sheetOf } from '../../diagram/sequence/layout.ts'
import type { Mark } from '../../diagram/sequence/sequence-layout.ts'
import type { SegmentRecord, TraceEvent } from '../../trace/events.ts'
import type { DiagramOptions } from './diagram-options.ts'
import { DiagramPainter } from './diagram-painter.ts'
import { DiagramTip } from './diagram-tip.ts'
import { make } from './dom.ts'
import { isStop, LayoutIndex } from './layout-window.ts'
import { markBox } from './mark-box.ts'
import { Minimap } from './minimap.ts'
import { minimapMarks } from './minimap-marks.ts'
import { Announcer, type Moment } from './moment.ts'
import { paperOf } from './paper.ts'
import type { Area } from './tooltip.ts'

const READABLE = { least: 0.6, most: 1.15 } as const

export class DiagramView {
  readonly element: HTMLElement
  readonly announcer = new Announcer()
  readonly tip: DiagramTip
  /** Something was chosen that is no message, or nothing: all there is to say of it, a line each. */
  onWords: (words: string) => void = () => {}
  readonly #scroller: HTMLElement
  readonly #paper = make('div', { class: 'on-paper' })
  /** Has the focus, and the marks as its options. */
  readonly #list: HTMLElement
  readonly #painter: DiagramPainter
  readonly #minimap = new Minimap((share) => this.#goTo(share))
  #events: readonly TraceEvent[] = []
  #options: DiagramOptions = { times: 'absolute', zoom: 'fit' }
  /** Open folds; where all are, those that the reader closed again. */
  #folds: { readonly isAll: boolean; readonly but: ReadonlySet<string> } = FOLDED
  /** Of these events and options: made when it is first laid out. */
  #sheet: SequenceSheet | null = null
  #index: LayoutIndex | null = null
  #scale = 1
  #isHidden = true
  /** The chosen mark's place in the layout, or -1. */
  #place = -1
  #found: ReadonlySet<SegmentRecord> = new Set()
  /** By the id of a fold: the one that it stands in. */
  readonly #outer = new Map<string, string>()

  constructor() {
    this.#list = make('div', {
      class: 'diagram-body picture',
      tabindex: 0,
      role: 'listbox',
      'aria-label': 'Sequence diagram',
      'aria-orientation': 'vertical',
      keydown: (event: KeyboardEvent) => this.#key(event),
      click: (event: MouseEvent) => this.#click(event),
      keyup: (event: KeyboardEvent) => event.key === 'Tab' && this.tip.key(this.#chosen),
      blur: () => this.tip.hide(),
      pointermove: (event: PointerEvent) => this.#point(event),
      pointerleave: () => {
        this.tip.hide()
        this.announcer.tell('point', null)
      },
    })
    this.tip = new DiagramTip(this.#list, (mark) => this.#areasOf(mark))
    this.#scroller = make('div', { class: 'diagram-scroll', scroll: () => this.#scrolled() })
    this.#painter = new DiagramPainter(this.#scroller, this.#list)
    this.element = make('div', { class: 'diagram-view' }, this.#scroller, this.#minimap.element, this.#paper)
    addEventListener('beforeprint', () => this.#print())
    addEventListener('afterprint', () => this.#paper.replaceChildren())
    new ResizeObserver(() => this.#resized()).observe(this.#scroller)
  }

  /** Draws other events, or more of the same; what is chosen and what is unfolded stays so. */
  show(events: readonly TraceEvent[], options: DiagramOptions): void {
    this.#events = events
    this.#options = options
    this.#sheet = null
    this.#layOut()
  }

  /** Pixels of the page for one of the picture. */
  get scale(): number {
    return this.#scale
  }

  get options(): DiagramOptions {
    return this.#options
  }

  set(changes: Partial<DiagramOptions>): void {
    this.#options = { ...this.#options, ...changes }
    this.#sheet = null
    this.#layOut()
  }

  unfoldAll(): void {
    this.#folds = { isAll: true, but: new Set() }
    this.#layOut()
  }

  foldAll(): void {
    this.#folds = FOLDED
    this.#layOut()
  }

  /** Opens the folds in which a message lies. @returns whether it is seen then. */
  reveal(segment: SegmentRecord, item: number): boolean {
    for (;;) {
      if ((this.#index?.placeOf(segment) ?? -1) >= 0) return true
      const { marks } = this.#index?.layout ?? { marks: [] }
      const fold = marks.find(
        (mark) => mark.fold !== undefined && mark.fold.from <= item && item < mark.fold.to,
      )?.fold
      if (fold === undefined || !fold.canUnfold || this.#isUnfolded(fold.id)) return false
      this.#toggle(fold.id)
    }
  }

  /** Chooses a message or, where it is not drawn, what stands nearest to its time. */
  choose(moment: Moment | null): void {
    if (moment === null) return this.#choose(-1)
    const place = moment.segment === null ? -1 : (this.#index?.placeOf(moment.segment) ?? -1)
    this.#choose(place >= 0 ? place : (this.#index?.nearest(moment.at) ?? -1))
  }

  /** Marks the height of a time, as another view points at it. */
  pointAt(at: number | null): void {
    if (this.#index === null) return
    this.#painter.cursor(at === null ? null : this.#index.heightAt(at), this.#index.layout)
  }

  /** Messages to be seen at a glance, as a search found them. */
  highlight(found: ReadonlySet<SegmentRecord>): void {
    this.#found = found
    this.#painter.invalidate()
    this.#paint()
  }

  /** All of it, folded as it is now, in the place of the part that is seen. */
  #print(): void {
    if (this.#index === null || this.element.closest('[hidden]') !== null) return
    this.#paper.replaceChildren(paperOf(this.#index, this.#options.times))
  }

  /** Colours changed, or it is seen again. */
  redraw(): void {
    this.#resized()
    this.#minimap.draw()
  }

  focus(): void {
    this.#list.focus({ preventScroll: true })
  }

  #layOut(): void {
    this.tip.hide()
    const before = this.#chosen
    const anchor = this.#anchor()
    this.#sheet ??= sheetOf(this.#events, { ...this.#options, legend: true, repeatHeads: false })
    this.#index = new LayoutIndex(this.#sheet({ has: (id) => this.#isUnfolded(id) }))
    this.#place = before === null ? -1 : this.#sameAs(before)
    this.#resize()
    if (anchor !== null) this.#restore(anchor)
  }

  /** What stands at the top of what is seen, so that it stays there when the picture around it grows. */
  #anchor(): { readonly at: number; readonly offset: number } | null {
    if (this.#index === null || this.#scroller.scrollTop === 0) return null
    const chosen = this.#chosen
    const { layout } = this.#index
    const seen = this.#seen()
    const isSeen = chosen !== null && chosen.y >= seen.top && chosen.y <= seen.bottom
    const mark = isSeen ? chosen : layout.marks.find(({ y }) => y >= seen.top)
    return mark === undefined ? null : { at: mark.at, offset: mark.y - seen.top }
  }

  #restore({ at, offset }: { readonly at: number; readonly offset: number }): void {
    const top = this.#index!.heightAt(at) - offset - this.#index!.layout.top
    this.#scroller.scrollTop = top * this.#scale
    this.#paint()
  }

  /** What was chosen while nothing was seen, as another view had the room, is to be seen now. */
  #resized(): void {
    const wasHidden = this.#isHidden
    this.#isHidden = this.#scroller.clientHeight === 0
    if (this.#isHidden) return
    this.#resize()
    if (wasHidden && this.#place >= 0) this.#scrollTo(this.#place)
    this.#paint()
  }

  #resize(): void {
    if (this.#index === null) return
    const { layout } = this.#index
    const { zoom } = this.#options
    const room = this.#scroller.clientWidth
    const fit = Math.min(READABLE.most, Math.max(READABLE.least, room / layout.width))
    this.#scale = zoom === 'fit' ? fit : zoom
    this.#painter.size(layout, this.#scale)
    this.#scroller.style.scrollPaddingTop = `${layout.top * this.#scale}px`
    this.#drawMinimap()
    this.#paint()
  }

  #drawMinimap(): void {
    if (this.#index === null) return
    const { width, height, top } = this.#index.layout
    this.#minimap.show(minimapMarks(this.#index), { width, height: height - top })
    this.#markMinimap()
  }

  #markMinimap(): void {
    const { top = 0, height = 0 } = this.#index?.layout ?? {}
    const y = this.#chosen?.y
    this.#minimap.setChosen(y === undefined ? null : (y - top) / (height - top))
  }

  #seen(): { top: number; bottom: number } {
    const head = this.#index?.layout.top ?? 0
    const { scrollTop, clientHeight } = this.#scroller
    const room = Math.max(0, clientHeight / this.#scale - head)
    return { top: head + scrollTop / this.#scale, bottom: head + scrollTop / this.#scale + room }
  }

  #paint(): void {
    if (this.#index === null) return
    const { layout } = this.#index
    const seen = this.#seen()
    this.#painter.paint(this.#index, seen, {
      chosen: this.#place,
      found: this.#found,
      times: this.#options.times,
    })
    const height = layout.height - layout.top
    this.#minimap.setRange((seen.top - layout.top) / height, (seen.bottom - layout.top) / height)
    const chosen = this.#place >= 0 && this.#painter.has(this.#place) ? `mark-${this.#place}` : null
    if (chosen === null) this.#list.removeAttribute('aria-activedescendant')
    else this.#list.setAttribute('aria-activedescendant', chosen)
  }

  #goTo(share: number): void {
    const { scrollHeight, clientHeight } = this.#scroller
    this.#scroller.scrollTop = share * scrollHeight - clientHeight / 2
  }

  get #chosen(): Mark | null {
    return this.#index?.layout.marks[this.#place] ?? null
  }

  #sameAs(mark: Mark): number {
    const index = this.#index!
    const segment = mark.arrow?.message.segment
    const same =
      segment === undefined
        ? index.layout.marks.findIndex(
            ({ kind, at, side }) => kind === mark.kind && at === mark.at && side === mark.side,
          )
        : index.placeOf(segment)
    return same >= 0 ? same : index.nearest(mark.at)
  }

  #choose(place: number): void {
    this.#place = place
    const mark = this.#chosen
    if (mark !== null) this.#scrollTo(place)
    this.#painter.choose(place, this.#index?.layout ?? null)
    this.#paint()
    this.#markMinimap()
    if (mark === null) this.announcer.tell('select', null)
    else {
      if (mark.arrow === undefined) this.onWords(mark.about)
      this.announcer.tell('select', { at: mark.at, segment: mark.arrow?.message.segment ?? null })
    }
  }

  #scrollTo(place: number): void {
    const { top, bottom } = this.#index!.extent(place)
    const seen = this.#seen()
    const room = seen.bottom - seen.top
    const margin = Math.min(60, room / 4)
    if (top >= seen.top + margin && bottom <= seen.bottom - margin) return
    const far = top < seen.top - room || bottom > seen.bottom + room
    const wanted = far
      ? (top + bottom) / 2 - room / 2
      : top < seen.top + margin
        ? top - margin
        : bottom + margin - room
    this.#scroller.scrollTop = (wanted - this.#index!.layout.top) * this.#scale
  }

  #click(event: MouseEvent): void {
    const open = this.#painter.bracketAt(event.target)
    if (open !== null) return this.#close(open)
    const place = this.#painter.placeAt(event.target)
    if (place < 0) return
    this.#choose(place)
    this.#open(place)
  }

  /** Opens a fold and chooses the first thing that it hid. */
  #open(place: number): void {
    const { fold, inside } = this.#index?.layout.marks[place] ?? {}
    if (fold?.canUnfold !== true) return
    if (inside !== undefined) this.#outer.set(fold.id, inside)
    this.#toggle(fold.id)
    this.#choose(this.#index!.layout.marks.findIndex((mark) => mark.inside === fold.id && isStop(mark)))
  }

  /** Folds again what a fold showed, and chooses the fold. */
  #close(id: string): void {
    if (id === '' || !this.#isUnfolded(id)) return
    const outer = this.#outer.get(id)
    this.#toggle(id)
    const place = this.#index!.layout.marks.findIndex(({ fold }) => fold?.id === id)
    if (place >= 0) this.#choose(place)
    else if (outer !== undefined) this.#close(outer)
  }

  #isUnfolded(id: string): boolean {
    return this.#folds.isAll !== this.#folds.but.has(id)
  }

  #toggle(id: string): void {
    const but = new Set(this.#folds.but)
    if (!but.delete(id)) but.add(id)
    this.#folds = { ...this.#folds, but }
    this.#layOut()
  }

  #point(event: PointerEvent): void {
    const mark = this.#markAt(event.target)
    const segment = mark?.arrow?.message.segment ?? null
    this.tip.point(mark, event)
    this.announcer.tell('point', mark === undefined ? null : { at: mark.at, segment })
  }

  #markAt(target: EventTarget | null): Mark | undefined {
    return this.#index?.layout.marks[this.#painter.placeAt(target)]
  }

  #scrolled(): void {
    this.#paint()
    this.tip.follow((target) => this.#markAt(target))
  }

  /** Where a mark is seen: all of it, and its words. */
  #areasOf(mark: Mark): Area[] {
    const { layout } = this.#index!
    const boxes = [markBox(mark, true), markBox(mark, false)].filter((box) => box !== null)
    return boxes.map((box) => this.#painter.areaOf(box, layout, this.#scale))
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const step = STEPS[event.key]
    if (step !== undefined) this.#step(step)
    else if (event.key === 'Home') this.#choose(this.#next(-1, 1))
    else if (event.key === 'End') this.#choose(this.#next(this.#index?.layout.marks.length ?? 0, -1))
    else if (event.key === 'PageDown' || event.key === 'PageUp') this.#page(event.key === 'PageDown' ? 1 : -1)
    else if (event.key === 'Enter' || event.key === ' ') this.#open(this.#place)
    else if (event.key === 'Backspace') this.#close(this.#chosen?.inside ?? '')
    else if (event.key === 'Escape') this.#choose(-1)
    else return
    this.tip.key(this.#chosen)
    event.preventDefault()
  }

  /** To the next message, state, call or fold; from none to the first that is seen. */
  #step(by: 1 | -1): void {
    if (this.#place >= 0) return this.#choose(this.#next(this.#place, by))
    const { top } = this.#seen()
    const first = this.#index?.layout.marks.findIndex((mark) => mark.y >= top && isStop(mark)) ?? -1
    this.#choose(first)
  }

  #next(from: number, by: 1 | -1): number {
    return this.#index?.nextStop(from, by) ?? -1
  }

  #page(by: 1 | -1): void {
    const { top, bottom } = this.#seen()
    const from = this.#chosen?.y ?? top
    const wanted = from + by * (bottom - top) * 0.85
    const marks = this.#index?.layout.marks ?? []
    let place = this.#place
    while (marks[place + by] !== undefined && (marks[place + by]!.y - wanted) * by <= 0) place += by
    this.#choose(marks[place] !== undefined && isStop(marks[place]!) ? place : this.#next(place, by))
  }
}

const FOLDED = { isAll: false, but: new Set<string>() } as const

const STEPS: Readonly<Record<string, 1 | -1>> = { ArrowDown: 1, ArrowUp: -1, j: 1, k: -1 }
