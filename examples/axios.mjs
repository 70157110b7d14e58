// axios over a simulated network: its `httpAgent` is an http.Agent, and an agent makes the connections.
import assert from 'node:assert/strict'
import { Agent, createServer } from 'node:http'
import axios from 'axios'
import { network } from 'elko/sim'

const net = network({ seed: 9 })
const client = net.host('10.0.0.1')
const server = net.host('10.0.0.2')
net.path(client, server, { rate: '10mbit', delay: '40ms', loss: '1%' })

const web = createServer((request, response) => {
  if (request.url === '/old') response.writeHead(302, { location: '/new' }).end()
  else response.end(JSON.stringify({ url: request.url }))
})
server.net.createServer((socket) => web.emit('connection', socket)).listen(80)

class ElkoAgent extends Agent {
  createConnection(options) {
    return client.net.connect(options)
  }
}
// `proxy: false`: a proxy of the environment would be another host than the one asked for.
const api = axios.create({ httpAgent: new ElkoAgent({ keepAlive: true }), proxy: false, timeout: 5_000 })

await net.run(async () => {
  const answer = await api.get('http://10.0.0.2/old') // follows the redirection
  assert.deepEqual(answer.data, { url: '/new' })
  console.log('redirected:', answer.data)

  // A path that is away for half a minute: after five seconds of the network's time axios gives up, and tries again.
  net.partition(client, server, { for: '30s' })
  let failures = 0
  for (let done = false; !done; ) {
    const { data } = await api.get('http://10.0.0.2/later').catch((error) => ({ data: error.code }))
    if (data === 'ECONNABORTED') failures++
    else done = assert.deepEqual(data, { url: '/later' }) === undefined
  }
  console.log(`${failures} requests took more than five seconds, then the path is back`)
  assert.ok(failures >= 5)
})
net.close()
