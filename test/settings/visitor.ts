import request from 'supertest'
import { adminToken, aSettingsApp, type SettingsSetUp } from './support.js'

/** Where the page is mounted. */
export const path = '/scim/settings'

/** The form token in a page. */
export function formTokenOf(text: string): string {
  return /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? ''
}

/** The first cookie that an answer sets. */
export function cookieOf(answer: request.Response): string {
  const cookies = answer.headers['set-cookie'] as unknown as string[] | undefined
  return cookies?.[0]?.split(';')[0] ?? ''
}

/** A browser without a screen, signed in. */
export async function signedInPage(setUp: SettingsSetUp = {}, token = adminToken) {
  const world = aSettingsApp(setUp)
  const form = await request(world.app).get(path)
  const signedIn = await request(world.app)
    .post(`${path}/sign-in`)
    .type('form')
    .set('Cookie', cookieOf(form))
    .send({ csrf: formTokenOf(form.text), token })
  const cookie = cookieOf(signedIn)
  const visit = (url: string) => request(world.app).get(url).set('Cookie', cookie)
  const csrf = formTokenOf((await visit(path)).text)
  const send = (url: string, fields: object) =>
    request(world.app)
      .post(url)
      .type('form')
      .set('Cookie', cookie)
      .send({ csrf, ...fields })
  return { ...world, signedIn, cookie, csrf, visit, send }
}

/** The fields of a form that adds one rule to none. */
export const aRule = { version: '0', 'roles.role': 'Annotator', 'roles.group': 'Crew' }
