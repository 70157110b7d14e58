/** What the pages and the pictures look like, compared with what a person has looked at and found good. */

import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { stillPage } from '../../src/cli/still-page.ts'
import { sequenceDiagram } from '../../src/diagram/sequence/sequence-diagram.ts'
import { stateDiagram } from '../../src/diagram/states/state-svg.ts'
import { graphSvg } from '../../src/graph/graph-svg.ts'
import { graphSeries } from '../../src/graph/series.ts'
import { findLesson } from '../../src/lab/lessons.ts'
import { story } from '../../src/sim/scenarios/story.ts'
import { TRANSITIONS } from '../../src/tcp/state.ts'
import { connectionsIn } from '../../src/trace/connections.ts'
import { statePaths } from '../../src/trace/state-path.ts'
import { finishedRun, firstData, goTo, leaveFields, openSections, withLab } from './lab-file.ts'
import { withFile } from './page.ts'
import { assertLooks } from './screens.ts'
import { CLASSIC, diagram, eventsOf, fileOf, LONG, SKIP } from './viewer-file.ts'

const README_PICTURE = new URL('../../../docs/lost-final-ack.svg', import.meta.url)

const still = (width: number, height: number, colorScheme: 'light' | 'dark' = 'light') =>
  ({ viewport: { width, height }, reducedMotion: 'reduce', colorScheme }) satisfies BrowserContextOptions

/** The keys 1 to 5 show the tabs of the lab. */
async function showTab(page: Page, key: string): Promise<void> {
  await leaveFields(page)
  await page.keyboard.press(key)
}

describe('the page of a connection', () => {
  test('its diagram: everything, dark with a message chosen, segments alone, on paper', SKIP, async () => {
    await withFile(CLASSIC, still(1100, 640), async (page) => {
      await assertLooks('viewer-full', page)
      await page.getByLabel('Colours').selectOption('dark')
      await diagram(page).focus()
      await page.keyboard.press('Home')
      await page.keyboard.press('j')
      await assertLooks('viewer-dark', page)
      await page.keyboard.press('Escape')
      await page.getByLabel('Colours').selectOption('light')
      await page.getByLabel('Show', { exact: true }).selectOption('overview')
      await assertLooks('viewer-overview', page)
      await page.emulateMedia({ media: 'print' })
      await page.evaluate('dispatchEvent(new Event("beforeprint"))')
      await assertLooks('viewer-paper', page)
    })
  })

  test('a long transfer is folded', SKIP, async () => {
    await withFile(LONG, still(1100, 640), async (page) => {
      await assertLooks('viewer-folded', page)
      await page.locator('[data-fold]').first().click()
      await assertLooks('viewer-unfolded', page)
    })
  })

  test('its graphs and states', SKIP, async () => {
    await withFile(fileOf(eventsOf('fast-retransmit')), still(1100, 700), async (page) => {
      await page.getByRole('tab', { name: 'Graphs' }).click()
      const plot = page.locator('.graph-plot svg')
      await plot.first().waitFor()
      await assertLooks('viewer-graph', page)
      await page.getByRole('tab', { name: 'States' }).click()
      await assertLooks('viewer-states', page)
    })
  })
})

describe('the lab', () => {
  test('every tab, and what is done to a packet', SKIP, async () => {
    await withLab(still(1400, 860), async (page) => {
      await goTo(page, firstData(finishedRun()) + 1)
      for (const [key, name] of ['diagram', 'graphs', 'states', 'events'].entries()) {
        await showTab(page, String(key + 1))
        await assertLooks(`lab-${name}`, page)
      }
      await page.keyboard.press('Enter')
      await assertLooks('lab-packet', page.locator('dialog'))
      await page.keyboard.press('Escape')
      await page.keyboard.press('f')
      await assertLooks('lab-forge', page.locator('dialog'))
    })
  })

  test('two runs side by side', SKIP, async () => {
    await withLab(still(1400, 860), async (page) => {
      await page.selectOption('#lesson', 'initial-window')
      await page.locator('.outcomes tbody td').first().waitFor()
      await assertLooks('lab-compare', page)
    })
  })

  test('dark, with every section of the controls open', SKIP, async () => {
    await withLab(still(1400, 860, 'dark'), async (page) => {
      await openSections(page)
      await goTo(page, 30)
      await assertLooks('lab-dark', page)
    })
  })

  test('on a telephone', SKIP, async () => {
    await withLab(still(390, 800), async (page) => {
      await goTo(page, 30)
      await assertLooks('lab-narrow', page)
    })
  })
})

describe('pictures', () => {
  const shown = (svg: string, size: BrowserContextOptions, name: string): Promise<void> =>
    withFile(stillPage(name, svg, 'light'), size, (page) => assertLooks(name, page))

  test("the README's", SKIP, () =>
    shown(readFileSync(fileURLToPath(README_PICTURE), 'utf8'), still(1100, 900), 'picture-readme'),
  )

  test('figure 1 of seed 002 as a sequence diagram', SKIP, () => {
    const svg = sequenceDiagram(story(eventsOf('rfc-handshake')), { title: 'Handshake' })
    return shown(svg, still(1000, 620), 'picture-handshake')
  })

  for (const type of ['time-sequence', 'congestion'] as const) {
    test(`a graph: ${type}`, SKIP, () => {
      const { events } = finishedRun(findLesson('lossy-path')!.config).timeline()
      const svg = graphSvg(graphSeries(events, connectionsIn(events)[0]!), { type, width: 1000, height: 620 })
      return shown(svg, still(1000, 620), `picture-${type}`)
    })
  }

  test('the states that both sides go through', SKIP, () => {
    const svg = stateDiagram(TRANSITIONS, { paths: statePaths(eventsOf('time-wait')), title: 'TIME-WAIT' })
    return shown(svg, still(1400, 1000), 'picture-states')
  })
})
