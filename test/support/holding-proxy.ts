import { once } from 'node:events'
import net from 'node:net'

/** A way to a server that can hold back what clients send, as a network does that loses packets. */
export interface HoldingProxy {
  readonly url: string
  /**
   * Holds back what clients send from now on, from the first message on that contains `text`.
   * The server does not hear that a client has closed its connection until then either.
   */
  hold(text?: string): void
  /** Closes the connections of clients. The server gets what is held back nevertheless. */
  cut(): void
  /** Delivers what was held back; resolves when the server has had a moment for it. */
  deliver(): Promise<void>
  close(): Promise<void>
}

/** Opens a way to the server of an address. */
export async function holdingProxy(address: string): Promise<HoldingProxy> {
  const target = new URL(address)
  const clients = new Set<net.Socket>()
  const ends: (() => void)[] = []
  let late: (() => void)[] = []
  let held: string | undefined
  const server = net.createServer((client) => {
    const upstream = net.connect(Number(target.port || 5432), target.hostname)
    let isHeld = false
    const pass = (action: () => void) => {
      if (isHeld && held !== undefined) late.push(action)
      else action()
    }
    clients.add(client)
    ends.push(() => upstream.destroy())
    client.on('data', (chunk) => {
      isHeld = held !== undefined && (isHeld || chunk.includes(held))
      pass(() => upstream.write(chunk))
    })
    client.on('error', () => {})
    client.on('close', () => pass(() => upstream.end()))
    upstream.on('data', (chunk) => client.write(chunk))
    upstream.on('error', () => {})
    upstream.on('close', () => client.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = new URL(address)
  url.hostname = '127.0.0.1'
  url.port = String((server.address() as net.AddressInfo).port)
  return {
    url: url.href,
    hold(text = '') {
      held = text
    },
    cut() {
      for (const client of clients) client.destroy()
    },
    async deliver() {
      held = undefined
      for (const action of late) action()
      late = []
      await new Promise((resolve) => setTimeout(resolve, 500))
    },
    async close() {
      for (const end of ends) end()
      for (const client of clients) client.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
