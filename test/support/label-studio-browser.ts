/** The result of a form that a person submits to Label Studio, real or fake. */
export interface Browser {
  /** Status of the answer; 302 if the form was accepted. */
  status: number
  /** The `Cookie` header of the session. */
  cookie: string
}

/** Signs in through Label Studio's page. */
export const signIn = (url: string, email: string, password: string): Promise<Browser> =>
  postForm(`${url}/user/login/`, { email, password })

/** Signs up through the organization's invite. */
export const signUp = (
  url: string,
  invite: string,
  { email, password }: { email: string; password: string },
): Promise<Browser> => postForm(`${url}/user/signup/?token=${invite}`, { email, password })

/**
 * Signs up an account by the organization's invite, and gives its cookies. The invite is reset
 * after somebody is deprovisioned, perhaps by what an earlier test left to do: then by the next.
 */
export async function signUpInvited(
  url: string,
  inviteToken: () => Promise<string>,
  person: { email: string; password: string },
): Promise<string> {
  const invite = await inviteToken()
  const { status, cookie } = await signUp(url, invite, person)
  if (status === 302) return cookie
  if ((await inviteToken()) !== invite) return signUpInvited(url, inviteToken, person)
  throw new Error(`${person.email} could not sign up: ${status}`)
}

/** Signs up through the link that the gate made for one person. */
export async function signUpByLink(
  link: string,
  { email, password }: { email: string; password: string },
): Promise<Browser> {
  const opened = await fetch(link, { redirect: 'manual' })
  await opened.arrayBuffer()
  const page = new URL(opened.headers.get('location') ?? '/', link).href
  return postForm(page, { email, password }, cookiesOf([opened]))
}

async function postForm(
  url: string,
  values: Record<string, string>,
  cookies = '',
): Promise<Browser> {
  const page = await fetch(url, { redirect: 'manual', headers: { cookie: cookies } })
  const csrf = /csrfmiddlewaretoken" value="([^"]*)/.exec(await page.text())?.[1] ?? ''
  const response = await fetch(url, {
    method: 'POST',
    redirect: 'manual',
    headers: { cookie: [cookies, cookiesOf([page])].filter(Boolean).join('; '), referer: url },
    body: new URLSearchParams({ csrfmiddlewaretoken: csrf, ...values }),
  })
  await response.arrayBuffer()
  return { status: response.status, cookie: cookiesOf([page, response]) }
}

function cookiesOf(responses: Response[]): string {
  const cookies = new Map<string, string>()
  for (const each of responses.flatMap((response) => response.headers.getSetCookie())) {
    const [pair = ''] = each.trim().split(';')
    const [name = '', ...value] = pair.split('=')
    cookies.set(name, value.join('='))
  }
  return [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
}

/** An answer of Label Studio. */
export interface Answer {
  status: number
  type: string
  location: string
  text: string
  // biome-ignore lint/suspicious/noExplicitAny: tests read what they expect
  json: any
}

/** Sends one request with these headers, and a JSON body if given. Does not follow redirects. */
export async function send(
  url: string,
  options: { method?: string; headers?: Record<string, string>; body?: unknown } = {},
): Promise<Answer> {
  const { method = 'GET', headers = {}, body } = options
  const response = await fetch(url, {
    method,
    redirect: 'manual',
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  const type = response.headers.get('content-type') ?? ''
  return {
    status: response.status,
    type,
    location: response.headers.get('location') ?? '',
    text,
    json: type.includes('json') && text !== '' ? JSON.parse(text) : undefined,
  }
}
