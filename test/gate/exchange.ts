import { once } from 'node:events'
import http, { type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type AnswerChange, changeAnswer } from '../../lib/gate/answers.js'

export type Respond = (response: ServerResponse) => unknown

export interface Exchange {
  readonly change: AnswerChange
  readonly respond: Respond
  readonly headers?: http.OutgoingHttpHeaders
}

export interface Answered {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  readonly isWhole: boolean
  /** The headers of the request as the application sees them. */
  readonly seen: IncomingHttpHeaders
}

/** What a client gets of an application whose answers are changed. */
export async function exchange({ change, respond, headers = {} }: Exchange): Promise<Answered> {
  let seen: IncomingHttpHeaders = {}
  const server = http.createServer((request, response) => {
    changeAnswer(request, response, change)
    seen = { ...request.headers }
    respond(response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    const { port } = server.address() as AddressInfo
    const request = http.get({ port, host: '127.0.0.1', headers })
    const [answer] = (await once(request, 'response').catch(() => [])) as [http.IncomingMessage?]
    if (!answer) return { status: 0, headers: {}, text: '', isWhole: false, seen }
    const chunks: Buffer[] = []
    let isWhole = true
    try {
      for await (const chunk of answer) chunks.push(chunk as Buffer)
    } catch {
      isWhole = false
    }
    const text = Buffer.concat(chunks).toString('utf8')
    return { status: answer.statusCode ?? 0, headers: answer.headers, text, isWhole, seen }
  } finally {
    server.closeAllConnections()
    server.close()
  }
}
