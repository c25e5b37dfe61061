import { isObject } from '../../../lib/adapter/index.js'
import { type PersonAccess, rankIn, ranks } from './access.js'

/**
 * Labels belong to the organization. A label that other projects use as well shows only its title
 * and value.
 */
export function narrowLabels(person: PersonAccess, body: unknown): unknown {
  if (Array.isArray(body)) {
    return body.map((each) => narrowLabels(person, each)).filter((each) => each !== undefined)
  }
  if (!isObject(body)) return undefined
  const { results, projects, links } = body
  if (Array.isArray(results)) {
    const left = narrowLabels(person, results) as readonly unknown[]
    return { ...body, count: Number(body['count']) - results.length + left.length, results: left }
  }
  if (!Array.isArray(projects)) return undefined
  const isOpen = (project: unknown) => rankIn(person, Number(project)) >= ranks.AN
  const open = projects.filter(isOpen)
  if (open.length === projects.length) return open.length > 0 ? body : undefined
  const isOpenLink = (each: unknown) => isObject(each) && isOpen(each['project'])
  const ownLinks = Array.isArray(links) ? links.filter(isOpenLink).map(narrowLink) : []
  return open.length === 0 ? undefined : { ...body, ...ofOthers, projects: open, links: ownLinks }
}

const ofOthers = Object.fromEntries(
  ['created_by', 'created_at', 'updated_at', 'approved_by', 'approved', 'description'].map(
    (name) => [name, null],
  ),
)

/**
 * A link whose label is expanded does not tell which other projects use the label, so the label
 * shows as little as one that others use.
 */
export function narrowLink(link: Readonly<Record<string, unknown>>): unknown {
  const { label } = link
  if (!isObject(label)) return link
  const { projects: _projects, links: _links, ...shown } = label
  return { ...link, label: { ...shown, ...ofOthers } }
}
