// Memory that goes to the page with a sample and comes back: no sample makes garbage, and a busy page gets no pile of them.

/** Samples that may be on their way to a page. */
const BUFFERS = 4;

export class Buffers {
  /** Those that the page is done with. @type {ArrayBuffer[]} */
  #free = [];
  #made = 0;

  /** @param {ArrayBuffer} buffer  that came back */
  add(buffer) {
    this.#free.push(buffer);
  }

  /**
   * A copy of numbers, unless all buffers are on their way.
   * @param {Float32Array} numbers
   * @param {number} room  how many numbers there may be another time
   * @returns {ArrayBuffer | undefined}
   */
  copy(numbers, room) {
    const buffer = this.#take(room * Float32Array.BYTES_PER_ELEMENT);
    if (buffer) new Float32Array(buffer).set(numbers);
    return buffer;
  }

  /** @param {number} bytes */
  #take(bytes) {
    const buffer = this.#free.pop();
    if (buffer && buffer.byteLength >= bytes) return buffer;
    if (buffer) this.#made -= 1;
    if (this.#made >= BUFFERS) return undefined;
    this.#made += 1;
    return new ArrayBuffer(bytes);
  }
}
