/** The HTML file of a connection, opened from a disk in Chromium: what it tells, by pointer and by keyboard. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withFile } from './page.ts'
import {
  assertQuiet,
  CLASSIC,
  chosen,
  details,
  diagram,
  eventsOf,
  fileOf,
  LONG,
  longTransfer,
  marks,
  SKIP,
  textOf,
  WINDOW,
} from './viewer-file.ts'

test(
  'opens from a disk: title, addresses, verdict, diagram; and asks the network for nothing',
  SKIP,
  async () => {
    await withFile(CLASSIC, WINDOW, async (page, misdeeds) => {
      assert.equal(await textOf(page.locator('h1')), 'A connection')
      assert.match(await textOf(page.locator('header')), /client 192\.0\.2\.1/)
      await page.getByText('closed normally').click()
      assert.ok(await page.getByText('A proof.').isVisible())
      assert.ok((await marks(page)) > 20)
      assert.ok(
        await page
          .getByRole('option', { name: /SYN,ACK/ })
          .first()
          .isVisible(),
      )
      assertQuiet(misdeeds)
    })
  },
)

test('without a script there is the picture, and no control that does nothing', SKIP, async () => {
  await withFile(CLASSIC, { ...WINDOW, javaScriptEnabled: false }, async (page) => {
    assert.equal(await page.locator('svg').count(), 1)
    assert.equal(await page.locator('button, select').count(), 0)
  })
})

test(
  'a click on an arrow tells every field of its header, why it was sent and what answers it',
  SKIP,
  async () => {
    await withFile(CLASSIC, WINDOW, async (page, misdeeds) => {
      await page
        .getByRole('option', { name: /SYN,ACK/ })
        .first()
        .locator('text.message')
        .click()
      const words = await details(page)
      for (const expected of [
        /SYN,ACK from server to client/,
        /answers a SYN with our own/,
        /RFC 9293 3\.10\.7\.2/,
        /Sequence number\s*100 \(relative 0\)/,
        /Acknowledgment\s*1 \(relative 1\)/,
        /0x012/,
        /Window\s*65535 octets/,
        /mss 512/,
        /Arrived at/,
        /Acknowledged by\s*frame 3/,
      ]) {
        assert.match(words, expected)
      }
      assert.match(page.url(), /#frame-2$/)
      await page.getByRole('button', { name: /frame 3/ }).click()
      assert.match(await details(page), /ACK from client to server/)
      assert.match((await chosen(page)) ?? '', /ACK/)
      assertQuiet(misdeeds)
    })
  },
)

test(
  'a link with the number of a frame leads to its arrow, also when it is within a fold',
  SKIP,
  async () => {
    await withFile(LONG, { ...WINDOW, hash: 'frame-700' }, async (page, misdeeds) => {
      assert.match(await details(page), /Frame\s*700/)
      assert.ok(await page.locator('[aria-selected=true][role=option]').isVisible())
      await page.evaluate("location.hash = '#frame-1'")
      await page.getByText('SYN from client to server').first().waitFor()
      assertQuiet(misdeeds)
    })
  },
)

test(
  'folds open and close by click, by Enter, by their bracket, by Backspace, and all at once',
  SKIP,
  async () => {
    await withFile(LONG, WINDOW, async (page, misdeeds) => {
      const folds = page.locator('[data-fold]')
      const folded = await folds.count()
      assert.ok(folded > 0)
      const height = (): Promise<number> => diagram(page).evaluate((element) => element.scrollHeight)
      const before = await height()
      await folds.first().click()
      assert.ok((await height()) > before)
      assert.ok((await page.locator('[data-inside]').count()) > 1)
      await page.keyboard.press('Backspace')
      assert.equal(await height(), before)
      assert.match((await chosen(page)) ?? '', /folded/)
      await page.keyboard.press('Enter')
      assert.ok((await height()) > before)
      await page.locator('[data-close]').first().dispatchEvent('click')
      assert.equal(await height(), before)
      await page.getByRole('button', { name: 'Unfold all' }).click()
      const unfolded = await height()
      assert.ok(unfolded > 2000 * 10, `${unfolded} pixels for 2,000 segments`)
      assert.ok((await marks(page)) < 400, 'only what is seen is drawn')
      await page.locator('[data-close]').first().dispatchEvent('click')
      const butOne = await height()
      assert.ok(butOne > before && butOne < unfolded, 'one is closed again, the others stay open')
      assert.match((await chosen(page)) ?? '', /folded/)
      await page.keyboard.press('Enter')
      assert.equal(await height(), unfolded)
      await page.getByRole('button', { name: 'Fold all', exact: true }).click()
      assert.equal(await height(), before)
      assertQuiet(misdeeds)
    })
  },
)

test(
  'the keyboard goes from message to message, to the ends, by pages, and back to nothing',
  SKIP,
  async () => {
    await withFile(CLASSIC, WINDOW, async (page, misdeeds) => {
      await diagram(page).focus()
      await page.keyboard.press('ArrowDown')
      const first = await chosen(page)
      await page.keyboard.press('j')
      const second = await chosen(page)
      assert.notEqual(first, second)
      await page.keyboard.press('k')
      assert.equal(await chosen(page), first)
      await page.keyboard.press('End')
      const last = await chosen(page)
      assert.ok(await page.locator('[aria-selected=true][role=option]').isVisible())
      await page.keyboard.press('Home')
      assert.equal(await chosen(page), first)
      await page.keyboard.press('PageDown')
      assert.ok(![first, last].includes(await chosen(page)))
      const active = await diagram(page).getAttribute('aria-activedescendant')
      assert.equal(await page.locator(`#${active}`).getAttribute('aria-selected'), 'true')
      await page.keyboard.press('Escape')
      assert.equal(await page.locator('[aria-selected=true][role=option]').count(), 0)
      assert.match(await details(page), /Choose an arrow/)
      assertQuiet(misdeeds)
    })
  },
)

test('the search finds flags, numbers and words, goes through the hits and into folds', SKIP, async () => {
  await withFile(LONG, WINDOW, async (page, misdeeds) => {
    await page.keyboard.press('/')
    await page.keyboard.type('fast-retransmit')
    const count = page.locator('.search-count')
    const hits = Number(await textOf(count))
    assert.ok(hits >= 5, `${hits} hits`)
    await page.keyboard.press('Enter')
    assert.equal(await textOf(count), `1 of ${hits}`)
    assert.match(await details(page), /three duplicate acknowledgments/)
    assert.equal(await page.locator('.rows .found.chosen').count(), 1)
    await page.keyboard.press('Shift+Enter')
    assert.equal(await textOf(count), `${hits} of ${hits}`)
    await page.getByRole('button', { name: 'Next hit' }).click()
    assert.equal(await textOf(count), `1 of ${hits}`)
    await page.keyboard.press('Control+a')
    await page.keyboard.type('syn ack 1001')
    assert.equal(await textOf(count), '1')
    await page.keyboard.press('Control+a')
    await page.keyboard.type('nothing like it')
    assert.equal(await textOf(count), 'none')
    await page.keyboard.press('Escape')
    assert.equal(await textOf(count), '')
    assertQuiet(misdeeds)
  })
})

test('filters, views, numbers, times, remarks and sizes change what is drawn', SKIP, async () => {
  await withFile(fileOf(eventsOf('fast-retransmit')), WINDOW, async (page, misdeeds) => {
    const words = (): Promise<string> => textOf(page.locator('.diagram-body'))
    const all = await marks(page)
    await page.getByLabel('Messages', { exact: true }).selectOption('retransmissions')
    assert.ok((await marks(page)) < all)
    assert.match(await words(), /fast-retransmit/)
    assert.ok(!/new-data/.test(await words()))
    await page.getByLabel('Messages', { exact: true }).selectOption('all')
    assert.match(await words(), /new-data/)
    assert.match(await words(), /connect\(\)/)
    await page.getByLabel('Show', { exact: true }).selectOption('overview')
    assert.ok(!/connect\(\)/.test(await words()))
    await page.getByLabel('Show', { exact: true }).selectOption('full')
    await page.getByLabel('Times', { exact: true }).selectOption('delta')
    assert.match(await words(), /\+\d+ ms/)
    const width = (): Promise<number> => page.locator('.diagram-body svg').evaluate((svg) => svg.clientWidth)
    const fitting = await width()
    await page.getByLabel('Remarks', { exact: true }).check()
    assert.ok((await page.locator('.diagram-body .remark').count()) > 0)
    await page.getByLabel('Remarks', { exact: true }).uncheck()
    await page.getByRole('button', { name: 'Larger' }).click()
    assert.ok((await width()) > fitting)
    await page.getByRole('button', { name: 'Smaller' }).click()
    await page.getByRole('button', { name: 'Smaller' }).click()
    assert.ok((await width()) < fitting)
    await page.getByRole('button', { name: 'Fit' }).click()
    assert.equal(await width(), fitting)
    assertQuiet(misdeeds)
  })
  await withFile(CLASSIC, WINDOW, async (page) => {
    const synAck = page.getByRole('option', { name: /SYN,ACK/ }).first()
    assert.match(await textOf(synAck), /seq 100 ack 1/)
    await page.getByLabel('Numbers', { exact: true }).selectOption('relative')
    assert.match(await textOf(synAck), /seq 0 ack 1/)
  })
})

test('the minimap leads to any place of a long diagram', SKIP, async () => {
  await withFile(LONG, WINDOW, async (page, misdeeds) => {
    await page.getByRole('button', { name: 'Unfold all' }).click()
    const top = (): Promise<number> =>
      page.locator('.diagram-scroll').evaluate((element) => element.scrollTop)
    const box = (await page.locator('.minimap').boundingBox())!
    await page.mouse.click(box.x + 20, box.y + box.height * 0.5)
    const half = await top()
    assert.ok(half > 5000)
    assert.ok((await page.getByRole('option').count()) > 10)
    await page.mouse.click(box.x + 20, box.y + 2)
    assert.equal(await top(), 0)
    assertQuiet(misdeeds)
  })
})

test('100,000 packets: below 5 MB, folded, a block unfolds, the last frame is found', SKIP, async () => {
  const html = fileOf(longTransfer(100_000))
  assert.ok(html.length < 5_000_000, `${html.length} octets`)
  await withFile(html, WINDOW, async (page, misdeeds) => {
    assert.ok((await marks(page)) < 1000)
    await page.locator('[data-fold]').first().click()
    assert.ok((await page.locator('[data-inside]').count()) > 1)
    await page.keyboard.press('/')
    await page.keyboard.type('frame 99998')
    await page.keyboard.press('Enter')
    assert.match(await details(page), /Frame\s*99998/)
    assert.match((await chosen(page)) ?? '', /packet 99998\b/)
    assertQuiet(misdeeds)
  })
})

test('a connection of which nothing is recorded opens, and says so', SKIP, async () => {
  await withFile(fileOf([]), WINDOW, async (page, misdeeds) => {
    assert.match(await textOf(page.locator('#viewer')), /no connection|nothing/i)
    assertQuiet(misdeeds)
  })
})
