import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ViewerConnection, viewerPage } from '../../src/diagram/viewer-page.ts'
import { runScenario } from '../../src/sim/scenario.ts'
import { SCENARIOS } from '../../src/sim/scenarios.ts'
import { inlineJson, inlineScript } from '../../src/svg/html-file.ts'
import { unpackEvents } from '../../src/trace/packed-events.ts'
import fc from '../property.ts'

const { events } = runScenario(SCENARIOS[0]!, {})
const hostile = `</script><script>alert("1")</script><!-- <script> & 'quoted'`
const connection: ViewerConnection = {
  title: hostile,
  events: [...events, { kind: 'remark', at: 0, host: 'client', connection: 0, text: hostile }],
  addresses: { [hostile]: hostile },
  banner: { verdict: hostile, healthy: false, sentence: hostile, lines: [hostile] },
  connection: null,
  left: 3,
  tab: 'diagram',
  look: {},
}
const parts = { script: 'run()', style: '.a{}', still: '<?xml version="1.0"?>\n<svg></svg>' }

test('words of others stay words: in the title, the banner, the addresses and the data', () => {
  const page = viewerPage(connection, parts)
  assert.equal(page.match(/<script/g)?.length, 2)
  assert.equal(page.match(/<\/script/g)?.length, 2)
  assert.ok(!page.includes('<!--'))
  assert.ok(!page.includes('alert("1")'))
  assert.ok(page.includes('<svg>') && !page.includes('<?xml'))
  assert.match(page, /3 more packets left out/)
})

test('the data of a page is the connection', () => {
  const page = viewerPage(connection, parts)
  const text = /<script type="application\/json" id="connection">(.*?)<\/script>/s.exec(page)![1]!
  const { packed, ...rest } = JSON.parse(text)
  assert.deepEqual({ ...rest, events: unpackEvents(packed) }, connection)
})

test('the same connection is the same page, and a page without a banner has none', () => {
  assert.equal(viewerPage(connection, parts), viewerPage(connection, parts))
  assert.ok(!viewerPage({ ...connection, banner: null }, parts).includes('class="judgement'))
})

test('no JSON ends the element that it stands in', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = inlineJson(value)
      assert.ok(!text.includes('<'))
      assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)))
    }),
  )
})

test('a script that ends its own element is refused', () => {
  for (const script of ['a("</script>")', 'x<!--y', '</SCRIPT']) {
    assert.throws(() => inlineScript(script), RangeError)
  }
  assert.equal(inlineScript('a < b'), 'a < b')
})
