// Owns the sound of one's turn: two quiet tones, made here, so that nothing has to be fetched. Browsers
// let a page make sounds only after a press, which is that of “Notify me”.

/** How loud, of 1; when each tone begins; how high it is. */
const LOUD = 0.2;
const TONES = [[0, 660], [0.22, 880]];
const LENGTH_S = 0.2;
let audio = null;

/** Called within a press: from then on a sound may be made. Browsers without sound go on without. */
export function allowSound(scope = globalThis) {
  try {
    audio ??= new scope.AudioContext();
    audio.resume?.()?.catch?.(() => {});
  } catch {
    audio = null;
  }
}

/** Makes the sound, if it may; whether it did. */
export function chime() {
  if (!audio) return false;
  try {
    for (const [at, hertz] of TONES) {
      const [tone, volume] = [audio.createOscillator(), audio.createGain()];
      const start = audio.currentTime + at;
      tone.frequency.value = hertz;
      volume.gain.setValueAtTime(LOUD, start);
      volume.gain.exponentialRampToValueAtTime(0.001, start + LENGTH_S);
      tone.connect(volume).connect(audio.destination);
      tone.start(start);
      tone.stop(start + LENGTH_S);
    }
    return true;
  } catch {
    return false;
  }
}
