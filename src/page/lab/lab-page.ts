/** The page of the lab: everything that is seen, put together and linked by one cursor. */

import {
  DEFAULT_LAB,
  findLesson,
  type LabConfig,
  LabError,
  LESSON_GROUPS,
  lessonOf,
  sharedConfig,
  shareText,
} from '../../lab/index.ts'
import { button, make } from '../views/dom.ts'
import { addPictureStyle } from '../views/picture-style.ts'
import { schemeChoice } from '../views/scheme.ts'
import { Tabs } from '../views/tabs.ts'
import { CompareView } from './compare-view.ts'
import { helpDialog } from './dialogs.ts'
import { EXPORTS, type ExportKind, exportAs } from './exports.ts'
import { forgeDialog } from './forge-dialog.ts'
import { forgeErrorDialog } from './forge-error-dialog.ts'
import { HostControls, programHelp } from './host-controls.ts'
import { InterventionsView } from './interventions-view.ts'
import { listenToKeys } from './keys.ts'
import { LabState } from './lab-state.ts'
import { OpenFiles } from './open-files.ts'
import { PacketBar } from './packet-bar.ts'
import { packetDialog } from './packet-dialog.ts'
import { PathControls } from './path-controls.ts'
import { Pictures } from './pictures.ts'
import { Playback } from './playback.ts'
import { RunControls } from './run-controls.ts'
import { shareDialog } from './share-dialog.ts'
import type { Shown } from './shown.ts'
import type { OpenStreams } from './shown-capture.ts'
import { shownSaved } from './shown-saved.ts'
import { StoryView } from './story-view.ts'
import { TraceView } from './trace-view.ts'
import { Transport } from './transport.ts'
import { TryBar } from './try-bar.ts'
import { VariablesView } from './variables-view.ts'

/** What is shown where it is no run of the lab. */
const OPENED: Readonly<Record<Exclude<Shown['kind'], 'run'>, string>> = {
  capture: 'a capture',
  script: 'a script',
  replay: 'a recording, run once more',
}

export class LabPage {
  readonly #state = new LabState()
  readonly #playback = new Playback(this.#state)
  readonly #transport = new Transport(this.#state, this.#playback)
  readonly #pictures = new Pictures(this.#state)
  readonly #packetBar = new PacketBar(this.#state, this.#pictures)
  readonly #compare = new CompareView(this.#state)
  readonly #story = new StoryView(this.#state)
  readonly #files: OpenFiles
  readonly #tabs: Tabs
  readonly #lessons = make('select', { id: 'lesson' })
  readonly #streams = make('select', { 'aria-label': 'Connection of the capture' })
  readonly #streamPart = make(
    'label',
    { class: 'choice', hidden: true },
    make('span', {}, 'Stream'),
    this.#streams,
  )
  readonly #side: HTMLElement
  readonly #own = make('option', { value: '', hidden: true })
  readonly #exports = make('select', { 'aria-label': 'Export', title: 'Save what is shown' })
  #capture: OpenStreams | null = null

  constructor(place: HTMLElement) {
    addPictureStyle()
    this.#files = new OpenFiles(
      this.#state,
      (capture) => this.#opened(capture),
      (message) => this.#story.complain(message),
    )
    const trace = new TraceView(this.#state)
    const { panel, graph, states } = this.#pictures
    const graphs = make('section', {}, graph.element)
    panel.element.prepend(make('div', { class: 'tool-row' }, panel.search.element, panel.tools.element))
    const tabs = [
      { id: 'diagram', title: 'Diagram', panels: [panel.element] },
      { id: 'graphs', title: 'Graphs', panels: [graphs] },
      { id: 'states', title: 'States', panels: [make('section', {}, states.element)] },
      { id: 'events', title: 'Events', panels: [trace.element] },
      { id: 'compare', title: 'Compare', panels: [this.#compare.element] },
      { id: 'both', title: 'Both', panels: [panel.element, graphs] },
    ]
    this.#tabs = new Tabs(tabs, () => this.#seen())
    this.#side = this.#sidePanel()
    this.#mount(place, [...new Set(tabs.flatMap(({ panels }) => panels))])
    this.#listen()
    this.#tabs.show('diagram')
    this.#start(place.dataset.config ?? '')
  }

  #mount(place: HTMLElement, panels: readonly HTMLElement[]): void {
    document.documentElement.classList.add('app')
    const centre = make(
      'main',
      { class: 'centre' },
      this.#story.element,
      new TryBar(this.#state).element,
      this.#pictures.wire.element,
      make('div', { class: 'bar' }, this.#tabs.list, this.#packetBar.element),
      make('div', { class: 'stage' }, ...panels),
    )
    const facts = make(
      'div',
      { class: 'facts-pane' },
      this.#pictures.panel.details.element,
      new VariablesView(this.#state).element,
    )
    const panes = make('div', { class: 'lab-panes' }, this.#side, centre, facts)
    place.replaceChildren(this.#head(), panes, this.#transport.element)
  }

  /** Another tab: what was hidden had no size, and did not follow the cursor. */
  #seen(): void {
    this.#pictures.redraw()
    this.#state.look()
  }

  #head(): HTMLElement {
    for (const { title, lessons } of LESSON_GROUPS) {
      const group = make('optgroup', { label: title })
      for (const lesson of lessons) group.append(make('option', { value: lesson.name }, lesson.title))
      this.#lessons.append(group)
    }
    this.#lessons.append(this.#own)
    this.#lessons.addEventListener('change', () => this.#choose(this.#lessons.value))
    this.#streams.addEventListener('change', () => {
      if (this.#capture !== null) this.#state.show(this.#capture.stream(Number(this.#streams.value)))
    })
    const toggle = button('☰', () => document.documentElement.classList.toggle('side-closed'), {
      'aria-label': 'Controls: show or hide',
      title: 'Controls: show or hide',
      class: 'toggle',
    })
    return make(
      'header',
      { class: 'lab-head' },
      toggle,
      make('h1', {}, 'Elko lab'),
      make(
        'label',
        { class: 'choice lesson-choice', for: 'lesson' },
        make('span', {}, 'Lesson'),
        this.#lessons,
      ),
      this.#streamPart,
      make(
        'div',
        { class: 'head-end' },
        button('Open …', () => this.#files.dialog(), { title: 'A capture or a script (o)' }),
        this.#exportChoice(),
        button('Share', () => this.#share(), { title: 'A link to this very run (s)' }),
        schemeChoice(() => this.#pictures.redraw()),
        button('?', helpDialog, { 'aria-label': 'Help: keys', title: 'Keys (?)' }),
      ),
    )
  }

  #exportChoice(): HTMLElement {
    const select = this.#exports
    const kinds = [['', 'Export …'], ...Object.entries(EXPORTS)]
    for (const [value, words] of kinds) select.append(make('option', { value }, words!))
    select.addEventListener('change', () => {
      const kind = select.value as ExportKind | ''
      select.value = ''
      if (kind !== '') this.#export(kind)
    })
    return select
  }

  #sidePanel(): HTMLElement {
    const state = this.#state
    const controls = make(
      'div',
      {},
      new InterventionsView(state, {
        segment: () => this.#forge(forgeDialog),
        error: () => this.#forge(forgeErrorDialog),
      }).element,
      new PathControls(state).element,
      new HostControls(state, 0).element,
      new HostControls(state, 1).element,
      programHelp(),
      this.#compare.controls,
      new RunControls(state).element,
    )
    const notice = make('span')
    const opened = make(
      'div',
      { class: 'notice', hidden: true },
      notice,
      button('Back to the lab’s run', () => state.backToRun()),
    )
    state.on('shown', () => {
      const kind = state.shown?.kind ?? 'run'
      controls.inert = kind !== 'run'
      opened.hidden = kind === 'run'
      if (kind !== 'run')
        notice.textContent = `This is ${OPENED[kind]}. The controls belong to the lab’s own run.`
    })
    return make('aside', { class: 'side', 'aria-label': 'Controls', tabindex: 0 }, opened, controls)
  }

  #listen(): void {
    const state = this.#state
    state.on('config', () => this.#configured())
    state.on('shown', () => this.#configured())
    state.onProgress = (steps) => this.#story.progress(steps)
    this.#pictures.wire.onPacket = (indexed) => {
      this.#playback.pause()
      packetDialog(state, indexed)
    }
    this.#pictures.onChoose = () => this.#playback.pause()
    addEventListener('hashchange', () => this.#start(location.hash))
    listenToKeys({
      ' ': () => this.#playback.toggle(),
      ArrowRight: ({ shiftKey }) => this.#transport.step(shiftKey ? 10 : 1),
      ArrowLeft: ({ shiftKey }) => this.#transport.step(shiftKey ? -10 : -1),
      Home: () => this.#transport.step(Number.NEGATIVE_INFINITY),
      End: () => this.#transport.step(Number.POSITIVE_INFINITY),
      '+': () => this.#transport.hurry(1),
      '-': () => this.#transport.hurry(-1),
      d: () => this.#pictures.toggleDrop(),
      Enter: () => this.#packetBar.open(),
      c: () => document.getElementById('call-step')?.focus(),
      f: () => this.#forge(forgeDialog),
      l: () => this.#lessons.focus(),
      o: () => this.#files.dialog(),
      s: () => this.#share(),
      '/': () => this.#pictures.panel.search.focus(),
      '?': helpDialog,
      ...Object.fromEntries(this.#tabs.ids.map((id, i) => [String(i + 1), () => this.#tabs.show(id)])),
    })
  }

  /** What a link, a saved page or nothing at all asks for. */
  #start(fragment: string): void {
    const saved = location.hash.length > 1 || this.#state.shown !== null ? null : shownSaved()
    if (saved !== null) return this.#state.show(saved)
    const asked = location.hash.length > 1 ? location.hash : fragment
    let config: LabConfig = DEFAULT_LAB
    let complaint = ''
    try {
      config = sharedConfig(asked)
    } catch (error) {
      if (!(error instanceof LabError)) throw error
      complaint = `This ${error.message}. The lab begins with its usual run.`
    }
    const isHere =
      this.#state.shown !== null &&
      this.#state.showsRun &&
      shareText(config) === shareText(this.#state.config)
    if (!isHere) this.#load(config)
    this.#story.complain(complaint)
  }

  #load(config: LabConfig): void {
    this.#playback.pause()
    this.#opened(null)
    this.#state.load(config)
  }

  #choose(name: string): void {
    const lesson = findLesson(name)
    if (lesson === null) return
    this.#story.complain('')
    this.#load(lesson.config)
    if (lesson.config.versus !== null) this.#tabs.show('compare')
    else if (this.#tabs.shown === 'compare') this.#tabs.show('diagram')
  }

  #configured(): void {
    const { config, shown, showsRun } = this.#state
    const opened = showsRun || shown === null || shown.kind === 'run' ? null : OPENED[shown.kind]
    this.#own.textContent = opened === null ? 'Your own' : `None: ${opened}`
    this.#lessons.value = opened === null ? (lessonOf(config)?.name ?? '') : ''
    // A recording is one of the lab's own runs.
    for (const option of this.#exports.options) {
      if (option.value === 'log') option.disabled = opened !== null
    }
    if (this.#capture !== null && showsRun) this.#opened(null)
  }

  #opened(capture: OpenStreams | null): void {
    this.#capture = capture
    this.#streamPart.hidden = capture === null
    this.#streams.replaceChildren(
      ...(capture?.streams ?? []).map(({ number, label }) => make('option', { value: number }, label)),
    )
  }

  #forge(dialog: (state: LabState) => void): void {
    this.#playback.pause()
    dialog(this.#state)
  }

  #share(): void {
    shareDialog(this.#state, () => this.#export('html'))
  }

  #export(kind: ExportKind): void {
    const sources = { state: this.#state, graph: this.#pictures.graph, compare: this.#compare }
    exportAs(kind, sources).catch((error: unknown) => {
      this.#story.complain(error instanceof Error ? error.message : String(error))
    })
  }
}
