// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>

/// Explicit Runge-Kutta methods for y' = f(t, y) as tableaus. The tests check every order condition
/// of every one of them, and that the next order is not reached.
namespace retrace {

/// Stage i is at c_i: k_i = f(t + c_i h, y + h sum_{j<i} a_ij k_j). The step is y + h sum b_i k_i;
/// `b_hat` gives a second answer, of another order, from the same stages: h sum (b - b_hat)_i k_i
/// estimates the error. A method without one has b_hat = b.
template <std::size_t Stages>
struct Tableau {
  static constexpr std::size_t stages = Stages;
  using Row = std::array<double, Stages>;

  Row c{};
  std::array<Row, Stages> a{};  ///< below the diagonal
  Row b{}, b_hat = b;
  int order = 0, order_hat = order;

  /// Whether the step needs stage i: the others serve the estimate only, or the next step.
  [[nodiscard]] constexpr bool is_for_step(std::size_t i) const {
    for (std::size_t later = i + 1; later < Stages; ++later)
      if (a[later][i] != 0 && is_for_step(later)) return true;
    return b[i] != 0;
  }
  /// Whether the last stage is the first of the next step ("first same as last").
  [[nodiscard]] constexpr bool last_is_next_first() const {
    return c[Stages - 1] == 1 && a[Stages - 1] == b;
  }
};

namespace tableaus {

/// Runge 1895.
inline constexpr Tableau<2> midpoint{
    .c = {0, 1. / 2},
    .a = {{{}, {1. / 2}}},
    .b = {0, 1},
    .order = 2,
};

/// Kutta 1901, the classical method.
inline constexpr Tableau<4> rk4{
    .c = {0, 1. / 2, 1. / 2, 1},
    .a = {{{}, {1. / 2}, {0, 1. / 2}, {0, 0, 1}}},
    .b = {1. / 6, 1. / 3, 1. / 3, 1. / 6},
    .order = 4,
};

/// Bogacki, Shampine 1989, A 3(2) pair of Runge-Kutta formulas.
inline constexpr Tableau<4> bosh3{
    .c = {0, 1. / 2, 3. / 4, 1},
    .a = {{{}, {1. / 2}, {0, 3. / 4}, {2. / 9, 1. / 3, 4. / 9}}},
    .b = {2. / 9, 1. / 3, 4. / 9, 0},
    .b_hat = {7. / 24, 1. / 4, 1. / 3, 1. / 8},
    .order = 3,
    .order_hat = 2,
};

/// Dormand, Prince 1980, A family of embedded Runge-Kutta formulae: RK5(4)7M.
inline constexpr Tableau<7> dopri5{
    .c = {0, 1. / 5, 3. / 10, 4. / 5, 8. / 9, 1, 1},
    .a = {{{},
           {1. / 5},
           {3. / 40, 9. / 40},
           {44. / 45, -56. / 15, 32. / 9},
           {19372. / 6561, -25360. / 2187, 64448. / 6561, -212. / 729},
           {9017. / 3168, -355. / 33, 46732. / 5247, 49. / 176, -5103. / 18656},
           {35. / 384, 0, 500. / 1113, 125. / 192, -2187. / 6784, 11. / 84}}},
    .b = {35. / 384, 0, 500. / 1113, 125. / 192, -2187. / 6784, 11. / 84, 0},
    .b_hat = {5179. / 57600, 0, 7571. / 16695, 393. / 640, -92097. / 339200, 187. / 2100, 1. / 40},
    .order = 5,
    .order_hat = 4,
};

/// Tsitouras 2011, Runge-Kutta pairs of order 5(4) satisfying only the first column simplifying
/// assumption. b_hat = b - e, with the error weights e that the paper prints.
inline constexpr Tableau<7> tsit5{
    .c = {0, 0.161, 0.327, 0.9, 0.9800255409045097, 1, 1},
    .a = {{{},
           {0.161},
           {-0.008480655492356989, 0.335480655492357},
           {2.8971530571054935, -6.359448489975075, 4.3622954328695815},
           {5.325864828439257, -11.748883564062828, 7.4955393428898365, -0.09249506636175525},
           {5.86145544294642, -12.92096931784711, 8.159367898576159, -0.071584973281401,
            -0.028269050394068383},
           {0.09646076681806523, 0.01, 0.4798896504144996, 1.379008574103742, -3.290069515436081,
            2.324710524099774}}},
    .b = {0.09646076681806523, 0.01, 0.4798896504144996, 1.379008574103742, -3.290069515436081,
          2.324710524099774, 0},
    .b_hat = {0.09646076681806523 - 0.00178001105222577714, 0.01 - 0.0008164344596567469,
              0.4798896504144996 + 0.007880878010261995, 1.379008574103742 - 0.1447110071732629,
              -3.290069515436081 + 0.5823571654525552, 2.324710524099774 - 0.45808210592918697,
              1. / 66},
    .order = 5,
    .order_hat = 4,
};

/// Cash, Karp 1990, A variable order Runge-Kutta method for initial value problems with rapidly
/// varying right-hand sides: the pair of order 5(4).
inline constexpr Tableau<6> cash_karp54{
    .c = {0, 1. / 5, 3. / 10, 3. / 5, 1, 7. / 8},
    .a = {{{},
           {1. / 5},
           {3. / 40, 9. / 40},
           {3. / 10, -9. / 10, 6. / 5},
           {-11. / 54, 5. / 2, -70. / 27, 35. / 27},
           {1631. / 55296, 175. / 512, 575. / 13824, 44275. / 110592, 253. / 4096}}},
    .b = {37. / 378, 0, 250. / 621, 125. / 594, 0, 512. / 1771},
    .b_hat = {2825. / 27648, 0, 18575. / 48384, 13525. / 55296, 277. / 14336, 1. / 4},
    .order = 5,
    .order_hat = 4,
};

/// Fehlberg 1968, Classical fifth-, sixth-, seventh-, and eighth-order Runge-Kutta formulas with
/// stepsize control (NASA TR R-287), RK7(8). The answer is the one of order 8, as usual today. The
/// estimate 41/840 (k_1 + k_11 - k_12 - k_13) vanishes where f depends on t alone.
inline constexpr Tableau<13> fehlberg78{
    .c = {0, 2. / 27, 1. / 9, 1. / 6, 5. / 12, 1. / 2, 5. / 6, 1. / 6, 2. / 3, 1. / 3, 1, 0, 1},
    .a = {{{},
           {2. / 27},
           {1. / 36, 1. / 12},
           {1. / 24, 0, 1. / 8},
           {5. / 12, 0, -25. / 16, 25. / 16},
           {1. / 20, 0, 0, 1. / 4, 1. / 5},
           {-25. / 108, 0, 0, 125. / 108, -65. / 27, 125. / 54},
           {31. / 300, 0, 0, 0, 61. / 225, -2. / 9, 13. / 900},
           {2, 0, 0, -53. / 6, 704. / 45, -107. / 9, 67. / 90, 3},
           {-91. / 108, 0, 0, 23. / 108, -976. / 135, 311. / 54, -19. / 60, 17. / 6, -1. / 12},
           {2383. / 4100, 0, 0, -341. / 164, 4496. / 1025, -301. / 82, 2133. / 4100, 45. / 82,
            45. / 164, 18. / 41},
           {3. / 205, 0, 0, 0, 0, -6. / 41, -3. / 205, -3. / 41, 3. / 41, 6. / 41},
           {-1777. / 4100, 0, 0, -341. / 164, 4496. / 1025, -289. / 82, 2193. / 4100, 51. / 82,
            33. / 164, 12. / 41, 0, 1}}},
    .b = {0, 0, 0, 0, 0, 34. / 105, 9. / 35, 9. / 35, 9. / 280, 9. / 280, 0, 41. / 840, 41. / 840},
    .b_hat = {41. / 840, 0, 0, 0, 0, 34. / 105, 9. / 35, 9. / 35, 9. / 280, 9. / 280, 41. / 840},
    .order = 8,
    .order_hat = 7,
};

}  // namespace tableaus
}  // namespace retrace
