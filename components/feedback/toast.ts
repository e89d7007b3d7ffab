const load = () => import("sonner");

/** Short words that leave by themselves. The library is loaded with the first one. */
export const toast = {
  success: (message: string): void => void load().then(({ toast: show }) => show.success(message)),
  error: (message: string): void => void load().then(({ toast: show }) => show.error(message)),
};
