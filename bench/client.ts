import { authorization } from './start-server.js'

/** Headers of every request. */
export const headers = { authorization, 'content-type': 'application/scim+json' }

/** Sends one request and returns the parsed body. @throws Error for any status but 2xx */
export async function send(
  method: string,
  url: string,
  body?: object,
): Promise<{ [name: string]: unknown }> {
  const response = await fetch(url, {
    method,
    headers,
    ...(body && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${text.slice(0, 300)}`)
  return text === '' ? {} : JSON.parse(text)
}
