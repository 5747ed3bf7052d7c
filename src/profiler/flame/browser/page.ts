import type { FlameData } from '../graph/data.ts'
import { App } from './app.ts'
import { element, svgElement } from './dom.ts'

/** Puts the living graph where the still picture is, in an HTML page as well as in an SVG file. */
function start(): void {
  const still = document.getElementById('still')
  const source = document.getElementById('profile')
  if (still === null || source === null) throw new Error('this file is damaged: its picture or its data is missing')
  const data = JSON.parse(source.textContent ?? '') as FlameData
  const host = element('div', { class: 'app' })
  still.replaceWith(document.documentElement instanceof SVGSVGElement ? window(document.documentElement, host) : host)
  new App(data).start(host)
}

/** The whole window of an SVG file, for HTML. */
function window(root: SVGSVGElement, host: HTMLElement): SVGElement {
  root.removeAttribute('viewBox')
  root.setAttribute('width', '100%')
  root.setAttribute('height', '100%')
  const room = svgElement('foreignObject', { width: '100%', height: '100%' })
  room.append(host)
  return room
}

start()
