// An Express application on a simulated host: its code is what it always was, only `listen` is another's.
import assert from 'node:assert/strict'
import { createServer, request } from 'node:http'
import { network } from 'elko/sim'
import express from 'express'

const net = network({ seed: 11 })
const phone = net.host('10.0.0.1')
const shop = net.host('10.0.0.2')
net.path(phone, shop, { rate: '2mbit', delay: '80ms', loss: '3%' })

const app = express()
const cart = []
app.use(express.json())
app.post('/cart', (request, response) => {
  cart.push(request.body)
  response.status(201).json({ items: cart.length })
})
app.get('/cart', (_request, response) => response.json(cart))
app.use((error, _request, response, _next) => response.status(400).send(error.message))

// `app.listen(80)` is `createServer(app).listen(80)`; here the connections come from shop's own net.
const server = createServer(app)
shop.net.createServer((socket) => server.emit('connection', socket)).listen(80)

await net.run(async () => {
  for (let item = 1; item <= 20; item++) {
    const answer = await call('POST', '/cart', JSON.stringify({ item, note: 'x'.repeat(1000) }))
    assert.deepEqual([answer.status, JSON.parse(answer.text)], [201, { items: item }])
  }
  const refused = await call('POST', '/cart', '{"item": ')
  assert.equal(refused.status, 400)
  const answer = await call('GET', '/cart')
  assert.deepEqual(JSON.parse(answer.text), cart)
  console.log(
    `${cart.length} items, each posted once and stored once, in ${Math.round(performance.now())} ms`,
  )
})
net.close()

function call(method, path, body) {
  const options = { host: '10.0.0.2', method, path, headers: { 'content-type': 'application/json' } }
  return new Promise((resolve, reject) => {
    // Without an agent each request has a connection of its own, made by this function.
    request({ ...options, createConnection: (to) => phone.net.connect(to) }, async (response) => {
      resolve({ status: response.statusCode, text: String(Buffer.concat(await response.toArray())) })
    })
      .on('error', reject)
      .end(body)
  })
}
