// Owns drawing seats with WebGL2: one point a seat, one status byte a seat, one draw call.
// Shape and size distinguish the states, not colour alone. Nothing is drawn that shapes cover or that is off the screen.
import { cover } from './shapes.js';

const VERTEX = `#version 300 es
precision highp float;
layout(location=0) in vec2 place;
layout(location=1) in uint category;
layout(location=2) in uint mark;
uniform vec2 size; uniform vec3 view; uniform float diameter;
uniform vec3 palette[64]; uniform vec3 taken; uniform vec3 ring;
flat out vec3 color; flat out uint kind; flat out float px;
void main() {
  vec2 at = place * view.x + view.yz;
  gl_Position = vec4(at.x / size.x * 2. - 1., 1. - at.y / size.y * 2., 0., 1.);
  uint state = mark & 3u;
  float part = (mark & 8u) != 0u ? 1.15 : state == 0u ? 1. : state == 1u ? .86 : state == 2u ? .52 : .3;
  px = max(1., diameter * part);
  kind = mark;
  color = (mark & 8u) != 0u ? ring : state >= 2u ? taken : palette[category & 63u];
  gl_PointSize = px;
}`;

const FRAGMENT = `#version 300 es
precision highp float;
flat in vec3 color; flat in uint kind; flat in float px;
uniform vec3 ground;
out vec4 paint;
void main() {
  vec2 at = gl_PointCoord * 2. - 1.;
  uint state = kind & 3u;
  // Wheelchair places are rounded squares, all others discs.
  float far = (kind & 16u) != 0u ? length(max(abs(at) - .55, 0.)) / .45 : length(at);
  float soft = 2.5 / px;
  float alpha = px < 3. ? 1. : 1. - smoothstep(1. - soft, 1., far);
  vec3 tone = color;
  if (state == 1u && (kind & 8u) == 0u) {
    // Held by somebody: light, with stripes once there is room for them.
    float stripe = px > 7. ? step(.5, fract((gl_FragCoord.x + gl_FragCoord.y) / max(4., px / 4.))) : 0.;
    tone = mix(ground, color, .3 + .35 * stripe);
  }
  if ((kind & 4u) != 0u && (kind & 8u) == 0u) {
    float hollow = px > 6. ? smoothstep(.62, .62 + soft, far) : .6;
    alpha *= .3 * hollow + .1;
  }
  if (alpha < .02) discard;
  paint = vec4(tone * alpha, alpha);
}`;

function compile(gl, kind, text) {
  const shader = gl.createShader(kind);
  gl.shaderSource(shader, text);
  gl.compileShader(shader);
  return shader;
}

/** [first, count] of the seats of sections on the screen, neighbours in one. Pure. */
export function spans(geometry, view) {
  const [left, top] = view.toPlan(-20, -20);
  const [right, bottom] = view.toPlan(view.width + 20, view.height + 20);
  const list = [];
  for (const { box, range: [first, end] } of geometry.sections) {
    if (first >= end || box.x > right || box.y > bottom || box.x + box.w < left || box.y + box.h < top) continue;
    const last = list.at(-1);
    if (last && last[0] + last[1] === first) last[1] += end - first;
    else list.push([first, end - first]);
  }
  return list;
}

/** Whether the processor does the drawing; not every browser says so by itself. */
function isSlow(gl) {
  const names = gl.getExtension('WEBGL_debug_renderer_info');
  const name = names ? gl.getParameter(names.UNMASKED_RENDERER_WEBGL) : gl.getParameter(gl.RENDERER);
  return /swiftshader|llvmpipe|softpipe|software|basic render/i.test(String(name));
}

/** Returns null where WebGL2 does not work well; the caller then draws in 2D. */
export function glSeats(canvas, geometry, book, palette) {
  // Drawn by the processor it is far slower than drawing in 2D.
  const gl = canvas.getContext('webgl2', { antialias: false, alpha: true, powerPreference: 'low-power',
    failIfMajorPerformanceCaveat: true });
  if (!gl || isSlow(gl)) return null;
  const program = gl.createProgram();
  gl.attachShader(program, compile(gl, gl.VERTEX_SHADER, VERTEX));
  gl.attachShader(program, compile(gl, gl.FRAGMENT_SHADER, FRAGMENT));
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) return null;
  gl.useProgram(program);
  const buffer = (data, usage) => {
    gl.bindBuffer(gl.ARRAY_BUFFER, gl.createBuffer());
    gl.bufferData(gl.ARRAY_BUFFER, data, usage);
  };
  const places = new Float32Array(geometry.count * 2);
  for (let seat = 0; seat < geometry.count; seat += 1) {
    places[seat * 2] = geometry.x[seat];
    places[seat * 2 + 1] = geometry.y[seat];
  }
  buffer(places, gl.STATIC_DRAW);
  gl.vertexAttribPointer(0, 2, gl.FLOAT, false, 0, 0);
  buffer(book.category, gl.STATIC_DRAW);
  gl.vertexAttribIPointer(1, 1, gl.UNSIGNED_BYTE, 0, 0);
  buffer(new Uint8Array(geometry.count), gl.DYNAMIC_DRAW);
  gl.vertexAttribIPointer(2, 1, gl.UNSIGNED_BYTE, 0, 0);
  for (const at of [0, 1, 2]) gl.enableVertexAttribArray(at);
  const at = Object.fromEntries(
    ['size', 'view', 'diameter', 'palette', 'taken', 'ring', 'ground']
      .map((name) => [name, gl.getUniformLocation(program, name)]));
  const colors = new Float32Array(64 * 3);
  palette.slice(0, 64).forEach((color, index) => colors.set(color, index * 3));
  gl.uniform3fv(at.palette, colors);
  gl.enable(gl.BLEND);
  gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);

  return {
    /** All bytes, or only those of `seats`; the mark buffer is the one bound last. */
    setMarks(marks, seats) {
      if (!seats || seats.length > 400) gl.bufferSubData(gl.ARRAY_BUFFER, 0, marks);
      else for (const seat of seats) gl.bufferSubData(gl.ARRAY_BUFFER, seat, marks, seat, 1);
    },
    draw(view, ratio, colors3) {
      gl.viewport(0, 0, canvas.width, canvas.height);
      gl.clearColor(0, 0, 0, 0);
      gl.clear(gl.COLOR_BUFFER_BIT);
      if (cover(view.seatPx) === 1) return;
      gl.uniform2f(at.size, view.width, view.height);
      gl.uniform3f(at.view, view.scale, view.shiftX, view.shiftY);
      gl.uniform1f(at.diameter, view.seatPx * ratio);
      gl.uniform3fv(at.taken, colors3.taken);
      gl.uniform3fv(at.ring, colors3.ring);
      gl.uniform3fv(at.ground, colors3.ground);
      for (const [first, count] of spans(geometry, view)) gl.drawArrays(gl.POINTS, first, count);
    },
  };
}
