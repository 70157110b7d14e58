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
import { helpDialog, openDialog } from './dialogs.ts'
import { type ExportKind, exportAs, linkOf } from './exports.ts'
import { forgeDialog } from './forge-dialog.ts'
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
import type { OpenCapture } from './shown-capture.ts'
import { StatesView } from './states-view.ts'
import { StoryView } from './story-view.ts'
import { TraceView } from './trace-view.ts'
import { Transport } from './transport.ts'
import { VariablesView } from './variables-view.ts'

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
  #capture: OpenCapture | null = null

  constructor(place: HTMLElement) {
    addPictureStyle()
    this.#files = new OpenFiles(
      this.#state,
      (capture) => this.#opened(capture),
      (message) => this.#story.complain(message),
    )
    const states = new StatesView(this.#state)
    const trace = new TraceView(this.#state)
    const tabs = [
      { id: 'diagram', title: 'Diagram', panel: make('section', {}, this.#pictures.diagram.element) },
      { id: 'graphs', title: 'Graphs', panel: make('section', {}, this.#pictures.graph.element) },
      { id: 'states', title: 'States', panel: states.element },
      { id: 'events', title: 'Events', panel: trace.element },
      { id: 'compare', title: 'Compare', panel: this.#compare.element },
    ]
    this.#tabs = new Tabs(tabs, () => this.#pictures.follow())
    this.#side = this.#sidePanel()
    this.#mount(
      place,
      tabs.map(({ panel }) => panel),
    )
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
      this.#pictures.wire.element,
      make('div', { class: 'bar' }, this.#tabs.list, this.#packetBar.element),
      make('div', { class: 'stage' }, ...panels),
    )
    const panes = make(
      'div',
      { class: 'lab-panes' },
      this.#side,
      centre,
      new VariablesView(this.#state).element,
    )
    place.replaceChildren(this.#head(), panes, this.#transport.element)
  }

  #head(): HTMLElement {
    for (const { title, lessons } of LESSON_GROUPS) {
      const group = make('optgroup', { label: title })
      for (const lesson of lessons) group.append(make('option', { value: lesson.name }, lesson.title))
      this.#lessons.append(group)
    }
    const own = make('option', { value: '', hidden: true }, 'Your own')
    this.#lessons.append(own)
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
    const select = make('select', { 'aria-label': 'Export', title: 'Save what is shown' })
    const kinds: readonly (readonly [ExportKind | '', string])[] = [
      ['', 'Export …'],
      ['pcapng', 'Packets (pcapng)'],
      ['svg', 'Diagram (SVG)'],
      ['png', 'Diagram (PNG)'],
      ['html', 'This run as a page (HTML)'],
    ]
    for (const [value, words] of kinds) select.append(make('option', { value }, words))
    select.addEventListener('change', () => {
      const kind = select.value as ExportKind | ''
      select.value = ''
      if (kind === '') return
      exportAs(kind, this.#state).catch((error: unknown) => this.#story.complain(String(error)))
    })
    return select
  }

  #sidePanel(): HTMLElement {
    const state = this.#state
    return make(
      'aside',
      { class: 'side', 'aria-label': 'Controls', tabindex: 0 },
      new PathControls(state).element,
      new HostControls(state, 0).element,
      new HostControls(state, 1).element,
      programHelp(),
      new InterventionsView(state, () => this.#forge()).element,
      this.#compare.controls,
      new RunControls(state).element,
    )
  }

  #listen(): void {
    const state = this.#state
    state.on('config', () => this.#configured())
    state.onProgress = (steps) => this.#story.progress(steps)
    this.#pictures.wire.onPacket = (indexed) => {
      this.#playback.pause()
      packetDialog(state, indexed)
    }
    this.#pictures.onChoose = () => this.#playback.pause()
    addEventListener('hashchange', () => this.#start(location.hash))
    const tabs = ['diagram', 'graphs', 'states', 'events', 'compare']
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
      f: () => this.#forge(),
      l: () => this.#lessons.focus(),
      o: () => this.#files.dialog(),
      s: () => this.#share(),
      '?': helpDialog,
      ...Object.fromEntries(tabs.map((id, i) => [String(i + 1), () => this.#tabs.show(id)])),
    })
  }

  /** What a link, a saved page or nothing at all asks for. */
  #start(fragment: string): void {
    const asked = location.hash.length > 1 ? location.hash : fragment
    let config: LabConfig = DEFAULT_LAB
    let complaint = ''
    try {
      config = sharedConfig(asked)
    } catch (error) {
      if (!(error instanceof LabError)) throw error
      complaint = `This ${error.message}. The lab begins with its usual run.`
    }
    const isHere = this.#state.shown !== null && shareText(config) === shareText(this.#state.config)
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
    this.#lessons.value = lessonOf(this.#state.config)?.name ?? ''
  }

  #opened(capture: OpenCapture | null): void {
    this.#capture = capture
    this.#streamPart.hidden = capture === null
    this.#streams.replaceChildren(
      ...(capture?.streams ?? []).map(({ number, label }) => make('option', { value: number }, label)),
    )
  }

  #forge(): void {
    this.#playback.pause()
    forgeDialog(this.#state)
  }

  #share(): void {
    const link = linkOf(this.#state)
    history.replaceState(null, '', link)
    const field = make('input', {
      type: 'text',
      readonly: true,
      value: link,
      'aria-label': 'Link',
      class: 'link',
    })
    const told = make('p', { class: 'note', role: 'status' }, '')
    const copy = button('Copy', () => {
      navigator.clipboard?.writeText(link).then(
        () => told.replaceChildren('Copied.'),
        () => told.replaceChildren('The browser does not allow it: the link is selected, copy it by hand.'),
      )
      field.select()
    })
    openDialog(
      'Share',
      make(
        'p',
        {},
        'The configuration and the seed are in the link itself: whoever opens it sees this very run.',
      ),
      make('div', { class: 'actions' }, field, copy),
      told,
    )
    field.select()
  }
}
